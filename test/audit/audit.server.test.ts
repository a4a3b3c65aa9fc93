import { sql } from 'kysely';
import { openCatalog } from '../../catalog/catalog.ts';
import { Secret } from '../../secrets/secret.ts';
import { createDatabase, postgresServer } from '../servers/postgres.ts';
import { auditLogBehaves } from './behaviour.ts';

auditLogBehaves('PostgreSQL', async (t) => {
  const database = await createDatabase(await postgresServer(17), 'audit');
  const catalog = await openCatalog({ kind: 'postgres', url: new Secret(database.url) });
  t.after(async () => {
    await catalog.close();
    await database.drop();
  });
  const unlock = async () => {
    await catalog.database.write('test', (db) =>
      sql`drop trigger audit_log_no_change on audit_log`.execute(db),
    );
  };
  return { catalog, unlock };
});
