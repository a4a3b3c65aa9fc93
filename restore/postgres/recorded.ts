import type { DatabasePlan, PlannedDatabase } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { ClientTools } from '../../sources/postgres/client-tools.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import type { SnapshotWork } from '../database-restorer.ts';
import { DumpFolder } from './dump-folder.ts';
import { mapManifest } from './map-roles.ts';
import type { RestorePreflight } from './preflight.ts';
import { selectTables } from './select-tables.ts';
import { readManifest } from './snapshot-files.ts';

/** A database as the snapshot tells of it, its roles called as the plan wants. */
export async function recordedDatabase(
  source: string,
  { name, mapRoles = {} }: Pick<PlannedDatabase, 'name'> & Pick<DatabasePlan, 'mapRoles'>,
  work: SnapshotWork,
): Promise<{ readonly database: DatabaseManifest; readonly sourceMajor: number }> {
  const manifest = await readManifest(source, work);
  const database = manifest.databases.find((one) => one.name === name);
  if (database === undefined) {
    throw new Failure('InvalidInput', `The snapshot holds no database "${name}"`);
  }
  return { database: mapManifest(database, mapRoles), sourceMajor: manifest.server.major };
}

/** What the restored database should hold. */
export async function expectedContent(
  source: string,
  database: DatabaseManifest,
  { plan: { tables }, work }: { readonly plan: DatabasePlan; readonly work: SnapshotWork },
): Promise<DatabaseManifest> {
  if (tables.length === 0) return database;
  const dump = await DumpFolder.open(source, database.folder, work);
  const chosen = selectTables(dump.toc, tables).tables;
  return {
    ...database,
    isPart: true,
    tables: database.tables.filter(({ schema, name }) => chosen.has(`${schema}.${name}`)),
    largeObjects: { count: '0', bytes: '0', hash: '0'.repeat(16) },
  };
}

/** What the plan has seen may have changed since. */
export function toolsOf({ tools, blockers }: RestorePreflight): ClientTools {
  if (tools !== undefined) return tools;
  throw new Failure('RestoreBlocked', blockers.join(' '));
}
