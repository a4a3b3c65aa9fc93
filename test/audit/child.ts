/** A process of its own for tests: `FILE ACTOR COUNT` appends entries. */
import { AuditLog } from '../../audit/log.ts';
import { openCatalog } from '../../catalog/catalog.ts';
import { event } from './behaviour.ts';

const [, , file = '', actor = '', count = '0'] = process.argv;
const catalog = await openCatalog({ kind: 'sqlite', file });
const log = new AuditLog(catalog.database);
for (let index = 0; index < Number(count); index += 1) await log.append(event(`${index}`, { actor }));
await catalog.close();
