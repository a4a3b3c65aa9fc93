/** Names of what a snapshot of a PostgreSQL server holds. */
export const globalsFile = 'globals.sql';
export const manifestFile = 'manifest.json';
export const instructionsFile = 'RESTORE.md';

/**
 * File name of a database's dump. Letters, digits, "_", "." and "-" stay, except "." and "-" in front;
 * all else becomes "%" and two hex digits for each byte of UTF-8. Different names give different files.
 */
export function dumpFile(database: string): string {
  const safe = database.replace(/[^\p{L}\p{N}_.-]|^[.-]/gu, (character) => {
    const bytes = [...Buffer.from(character)];
    return bytes.map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
  });
  return `${safe}.dump`;
}
