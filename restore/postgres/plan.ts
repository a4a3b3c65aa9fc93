import { Failure } from '../../contracts/failures.ts';
import type { DatabaseManifest, PostgresManifest } from '../../sources/postgres/manifest.ts';

/** One database of a snapshot, and the name that its restored copy shall have. */
export interface DatabaseTarget {
  readonly database: DatabaseManifest;
  readonly target: string;
}

/** Longer names are cut by the server without an error (NAMEDATALEN - 1). */
const longestNameBytes = 63;

/**
 * Which databases of a snapshot are restored, and under which names: one database takes the name of the
 * target, of several each is called `<target>_<its own name>`.
 *
 * `include` holds paths such as `/shop/orders.dump`, or names of databases; empty means all.
 * @throws {Failure} InvalidInput for a path that is not there, and for a name that is none
 */
export function planDatabases(
  manifest: PostgresManifest,
  target: string,
  include: readonly string[],
): readonly DatabaseTarget[] {
  const chosen =
    include.length === 0 ? manifest.databases : include.map((name) => findDatabase(manifest, name));
  const [first] = chosen;
  if (first === undefined) throw new Failure('InvalidInput', 'The snapshot holds no database');
  const targets =
    chosen.length === 1
      ? [{ database: first, target }]
      : chosen.map((database) => ({ database, target: `${target}_${database.name}` }));
  for (const { target: name } of targets) checkName(name);
  return targets;
}

function findDatabase({ source, databases }: PostgresManifest, wanted: string): DatabaseManifest {
  const found = databases.find(
    ({ name, file }) => wanted === name || wanted === file || wanted === `/${source}/${file}`,
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
