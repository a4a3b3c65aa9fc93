import type { DatabasePlanRequest } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { DatabaseManifest, PostgresManifest } from '../../sources/postgres/manifest.ts';
import { type BesideNames, besideNames } from '../beside-names.ts';

/** One database of a snapshot, and the names that its restored copy and what it replaces shall have. */
export interface DatabaseTarget extends BesideNames {
  readonly database: DatabaseManifest;
  readonly target: string;
}

/** Longer names are cut by the server without an error (NAMEDATALEN - 1). */
const longestNameBytes = 63;

export type DatabaseChoice = Pick<DatabasePlanRequest, 'target' | 'include' | 'runId' | 'startedAt'>;

/**
 * Which databases of a snapshot are restored, and under which names: each under its own, unless a target is
 * given: then one database takes it, and of several each is called `<target>_<its own name>`.
 *
 * `include` holds paths such as `/shop/orders.dump`, or names of databases; empty means all.
 * @throws {Failure} InvalidInput for a path that is not there, and for a name that is none
 */
export function planDatabases(
  manifest: PostgresManifest,
  { target, include, runId, startedAt }: DatabaseChoice,
): readonly DatabaseTarget[] {
  const chosen =
    include.length === 0 ? manifest.databases : include.map((name) => findDatabase(manifest, name));
  if (chosen.length === 0) throw new Failure('InvalidInput', 'The snapshot holds no database');
  return chosen.map((database) => {
    const own = target === undefined ? database.name : `${target}_${database.name}`;
    const name = target !== undefined && chosen.length === 1 ? target : own;
    checkName(name);
    return { database, target: name, ...besideNames(name, { runId, startedAt }, longestNameBytes) };
  });
}

function findDatabase({ source, databases }: PostgresManifest, wanted: string): DatabaseManifest {
  const found = databases.find(
    ({ name, folder }) => wanted === name || wanted === folder || wanted === `/${source}/${folder}`,
  );
  if (found !== undefined) return found;
  const names = databases.map(({ name }) => `"${name}"`).join(', ');
  throw new Failure('InvalidInput', `include: the snapshot holds no database "${wanted}"`, {
    advice: `Name one of its databases: ${names}.`,
  });
}

function checkName(name: string): void {
  const sizeBytes = Buffer.byteLength(name);
  if (sizeBytes > 0 && sizeBytes <= longestNameBytes && !name.includes('\0')) return;
  throw new Failure('InvalidInput', `target: "${name}" cannot be the name of a database`, {
    advice: `Choose a name of 1 to ${longestNameBytes} bytes.`,
  });
}
