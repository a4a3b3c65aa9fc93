import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '../../catalog/catalog.ts';
import { catalogBehaves } from './behaviour.ts';

catalogBehaves('SQLite', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-catalog-'));
  const catalog = await openCatalog({ kind: 'sqlite', file: join(folder, 'state', 'catalog.sqlite') });
  t.after(async () => {
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });
  return catalog;
});
