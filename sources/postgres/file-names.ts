import { fileNameOf } from '../produced-files.ts';

/** Names of what a snapshot of a PostgreSQL server holds. */
export const globalsFile = 'globals.sql';
export const instructionsFile = 'RESTORE.md';

/** File name of a database's dump. */
export function dumpFolder(database: string): string {
  return `${fileNameOf(database)}.dump`;
}
