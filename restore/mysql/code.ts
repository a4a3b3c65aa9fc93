import { z } from 'zod';
import { isFailure } from '../../contracts/failures.ts';
import { type MysqlSession, quoteName } from '../../sources/mysql/session.ts';
import { viewWithoutDatabase, withoutDefiner } from './dump-statements.ts';

export const codeKinds = [
  'function',
  'procedure',
  'package',
  'package body',
  'view',
  'trigger',
  'event',
] as const;
export type CodeKind = (typeof codeKinds)[number];

/** What a database holds besides its tables, with all that is needed to make it in another database. */
export interface CodeObject {
  readonly kind: CodeKind;
  readonly name: string;
  /** CREATE statement; of a trigger without its table, see `createTrigger`. */
  readonly statement: string;
  readonly sqlMode: string;
  readonly collation: string;
  /** Of an event. */
  readonly timeZone?: string;
  /** Of a trigger. */
  readonly table?: string;
}

/** Reads all code of a database. Names of its own tables are without the database in it. */
export async function readCode(session: MysqlSession, database: string): Promise<readonly CodeObject[]> {
  await session.run(`USE ${quoteName(database)}`);
  const found = await session.rows(z.object({ kind: z.enum(codeKinds), name: z.string() }), namesQuery, [
    database,
    database,
    database,
  ]);
  const code: CodeObject[] = [];
  for (const { kind, name } of found) {
    const object = await readObject(session, kind, name);
    const statement = kind === 'view' ? viewWithoutDatabase(object.statement, database) : object.statement;
    code.push({ ...object, statement });
  }
  return [...code, ...(await readTriggers(session, database))];
}

/** Makes an object in a database. */
export async function createCode(session: MysqlSession, database: string, code: CodeObject): Promise<void> {
  await session.run(`USE ${quoteName(database)}`);
  await withSettings(session, code, () => runAsDefiner(session, code.statement));
}

/** Makes a trigger on a table, which may have another name than in the recorded database. */
export async function createTrigger(
  session: MysqlSession,
  { database, table }: { readonly database: string; readonly table: string },
  code: CodeObject,
): Promise<void> {
  await session.run(`USE ${quoteName(database)}`);
  const statement = code.statement.replace(tableMark, () => quoteName(table));
  await withSettings(session, code, () => runAsDefiner(session, statement));
}

/** Code of others may be made by those alone who may act for them: else it becomes our own. */
async function runAsDefiner(session: MysqlSession, statement: string): Promise<void> {
  try {
    await session.run(statement);
  } catch (error) {
    if (!isFailure(error, 'SourceAuthentication')) throw error;
    await session.run(withoutDefiner(statement));
  }
}

/** Drops an object, if it is there. */
export async function dropCode(
  session: MysqlSession,
  database: string,
  { kind, name }: Pick<CodeObject, 'kind' | 'name'>,
): Promise<void> {
  await session.run(`DROP ${kind.toUpperCase()} IF EXISTS ${quoteName(database)}.${quoteName(name)}`);
}

/** Stands for the table in the statement of a trigger; no statement can hold it. */
const tableMark = '\0table\0';

const namesQuery = `
  SELECT lower(routine_type) AS kind, routine_name AS name FROM information_schema.routines WHERE routine_schema = ?
  UNION ALL
  SELECT 'view', table_name FROM information_schema.views WHERE table_schema = ?
  UNION ALL
  SELECT 'event', event_name FROM information_schema.events WHERE event_schema = ?
  ORDER BY 1, 2`;

async function readObject(session: MysqlSession, kind: CodeKind, name: string): Promise<CodeObject> {
  const row = await session.row(
    z.record(z.string(), z.string().nullable()),
    `SHOW CREATE ${kind.toUpperCase()} ${quoteName(name)}`,
  );
  const [, statement] =
    Object.entries(row).find(([column]) => column.toLowerCase() === `create ${kind}`) ?? [];
  const timeZone = row.time_zone;
  return {
    kind,
    name,
    // Null if the user may not see it.
    statement: z.string(`The ${kind} ${name} cannot be seen by the user of the restore`).parse(statement),
    sqlMode: row.sql_mode ?? '',
    collation: row.collation_connection ?? '',
    ...(typeof timeZone === 'string' ? { timeZone } : {}),
  };
}

const triggerSchema = z.object({
  name: z.string(),
  table: z.string(),
  timing: z.string(),
  event: z.string(),
  body: z.string(),
  definer: z.string(),
  sqlMode: z.string(),
  collation: z.string(),
});

async function readTriggers(session: MysqlSession, database: string): Promise<readonly CodeObject[]> {
  const triggers = await session.rows(
    triggerSchema,
    `SELECT trigger_name AS name, event_object_table AS \`table\`, action_timing AS timing,
       event_manipulation AS event, action_statement AS body, definer AS definer, sql_mode AS sqlMode,
       collation_connection AS collation
     FROM information_schema.triggers WHERE trigger_schema = ?
     ORDER BY event_object_table, event_manipulation, action_timing, action_order`,
    [database],
  );
  return triggers.map(({ name, table, timing, event, body, definer, sqlMode, collation }) => ({
    kind: 'trigger',
    name,
    table,
    statement: `CREATE DEFINER=${accountOf(definer)} TRIGGER ${quoteName(name)} ${timing} ${event} ON ${tableMark} FOR EACH ROW ${body}`,
    sqlMode,
    collation,
  }));
}

/** `user`@`host`; the host is behind the last "@". */
function accountOf(definer: string): string {
  const at = definer.lastIndexOf('@');
  if (at < 0) return quoteName(definer);
  return `${quoteName(definer.slice(0, at))}@${quoteName(definer.slice(at + 1))}`;
}

async function withSettings(
  session: MysqlSession,
  { sqlMode, collation, timeZone, kind }: CodeObject,
  work: () => Promise<void>,
): Promise<void> {
  const settings = [
    ...(kind === 'view' ? [] : [`sql_mode = ${literal(sqlMode)}`]),
    ...(collation === '' ? [] : [`collation_connection = ${literal(collation)}`]),
    ...(timeZone === undefined ? [] : [`time_zone = ${literal(timeZone)}`]),
  ];
  if (settings.length > 0) await session.run(`SET ${settings.join(', ')}`);
  try {
    await work();
  } finally {
    await session.run("SET sql_mode = '', collation_connection = utf8mb4_general_ci, time_zone = DEFAULT");
  }
}

/** Names of modes, collations and zones hold no quotes. */
function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
