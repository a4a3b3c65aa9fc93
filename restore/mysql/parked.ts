import { z } from 'zod';
import { type MysqlSession, qualified, quoteName } from '../../sources/mysql/session.ts';
import { type CodeObject, codeKinds } from './code.ts';

/**
 * A database that waits beside the one in place: its tables, and in a table of ours what belongs to it besides.
 * Views, routines, triggers and events cannot be moved to another database, and are made there anew.
 */
export interface ParkedRecord {
  readonly tables: readonly string[];
  readonly code: readonly CodeObject[];
}

/** Name of the table of ours. */
export const recordTable = 'resguardo_parked';

/** `complete`: all is recorded. `begun`: tables may be on their way to their place, in this exchange. `enabled`: an event that runs. */
type Mark = 'complete' | 'begun' | 'enabled';

/** Makes the table of ours, if it is not there. */
export async function prepareRecord(session: MysqlSession, database: string): Promise<void> {
  await session.run(
    `CREATE TABLE IF NOT EXISTS ${qualified(database, recordTable)} (
       number int PRIMARY KEY AUTO_INCREMENT, kind varchar(20) NOT NULL, content longtext NOT NULL
     ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
  );
}

/** Records all at once; what was recorded before is replaced, but for marks. */
export async function writeRecord(
  session: MysqlSession,
  database: string,
  { tables, code }: ParkedRecord,
): Promise<void> {
  const rows = [
    ...tables.map((table) => ['table', JSON.stringify(table)] as const),
    ...code.map((object) => ['code', JSON.stringify(object)] as const),
    ['complete', ''] as const,
  ];
  const name = qualified(database, recordTable);
  await session.run('START TRANSACTION');
  await session.run(`DELETE FROM ${name} WHERE kind IN ('table', 'code', 'complete')`);
  for (const row of rows) await session.change(`INSERT INTO ${name} (kind, content) VALUES (?, ?)`, row);
  await session.run('COMMIT');
}

const rowSchema = z.object({ kind: z.string(), content: z.string() });

const codeSchema = z.object({
  kind: z.enum(codeKinds),
  name: z.string(),
  statement: z.string(),
  sqlMode: z.string(),
  collation: z.string(),
  timeZone: z.string().exactOptional(),
  table: z.string().exactOptional(),
});

/** Undefined unless all is recorded. */
export async function readRecord(session: MysqlSession, database: string): Promise<ParkedRecord | undefined> {
  if (!(await tablesOf(session, database)).includes(recordTable)) return undefined;
  const rows = await session.rows(
    rowSchema,
    `SELECT kind, content FROM ${qualified(database, recordTable)} ORDER BY number`,
  );
  if (!rows.some(({ kind }) => kind === 'complete')) return undefined;
  const contents = (wanted: string): readonly unknown[] =>
    rows.filter(({ kind }) => kind === wanted).map(({ content }) => JSON.parse(content));
  return {
    tables: z.array(z.string()).parse(contents('table')),
    code: z.array(codeSchema).parse(contents('code')),
  };
}

export async function addMark(
  session: MysqlSession,
  database: string,
  [mark, content = '']: readonly [Mark, string?],
): Promise<void> {
  await session.change(`INSERT INTO ${qualified(database, recordTable)} (kind, content) VALUES (?, ?)`, [
    mark,
    content,
  ]);
}

export async function readMarks(
  session: MysqlSession,
  database: string,
  mark: Mark,
): Promise<readonly string[]> {
  if (!(await tablesOf(session, database)).includes(recordTable)) return [];
  const rows = await session.rows(
    rowSchema,
    `SELECT kind, content FROM ${qualified(database, recordTable)} WHERE kind = ?`,
    [mark],
  );
  return rows.map(({ content }) => content);
}

export async function removeMarks(session: MysqlSession, database: string, mark: Mark): Promise<void> {
  if (!(await tablesOf(session, database)).includes(recordTable)) return;
  await session.change(`DELETE FROM ${qualified(database, recordTable)} WHERE kind = ?`, [mark]);
}

/** Tables and sequences, ours among them. */
export async function tablesOf(session: MysqlSession, database: string): Promise<readonly string[]> {
  const rows = await session.rows(
    z.object({ name: z.string() }),
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = ? AND table_type <> 'VIEW' ORDER BY BINARY table_name`,
    [database],
  );
  return rows.map(({ name }) => name);
}

export async function databaseExists(session: MysqlSession, database: string): Promise<boolean> {
  const rows = await session.rows(
    z.object({ name: z.string() }),
    'SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name = ?',
    [database],
  );
  return rows.length > 0;
}

/** Character set and collation that tables get which are made in a database. */
export async function databaseDefaults(session: MysqlSession, database: string): Promise<string> {
  const { characterSet, collation } = await session.row(
    z.object({ characterSet: z.string(), collation: z.string() }),
    `SELECT default_character_set_name AS characterSet, default_collation_name AS collation
     FROM information_schema.schemata WHERE schema_name = ?`,
    [database],
  );
  return `CHARACTER SET ${characterSet} COLLATE ${collation}`;
}

export async function dropDatabase(session: MysqlSession, database: string): Promise<void> {
  await session.run(`DROP DATABASE IF EXISTS ${quoteName(database)}`);
}
