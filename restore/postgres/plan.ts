import type { DatabaseManifest, PostgresManifest } from '../../sources/postgres/manifest.ts';
import { chooseDatabases, type DatabaseChoice, type DatabaseTarget } from '../choose-databases.ts';

/** Bytes; longer names are cut by the server without an error (NAMEDATALEN - 1). */
export const longestName = 63;

const rules = {
  longest: longestName,
  unit: 'bytes',
  placeOf: ({ folder }: DatabaseManifest) => folder,
} as const;

/** @throws {Failure} as `chooseDatabases` */
export function planDatabases(
  manifest: PostgresManifest,
  choice: DatabaseChoice,
): readonly DatabaseTarget<DatabaseManifest>[] {
  return chooseDatabases(manifest, choice, rules);
}
