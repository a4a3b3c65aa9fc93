import { z } from 'zod';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { isBeside } from '../beside-names.ts';
import { NamePatterns } from '../name-patterns.ts';
import { describeServer, type MysqlConnection } from './connection.ts';
import { flagSchema, MysqlSession } from './session.ts';

export type Flavour = 'mariadb' | 'mysql';

export interface ServerFacts {
  readonly flavour: Flavour;
  /** "10.11.19". */
  readonly version: string;
  /** 10 of 10.11.19. */
  readonly major: number;
  readonly isEncrypted: boolean;
  /** Databases that are backed up, in order of their names. */
  readonly databases: readonly DatabaseFacts[];
  /** Whether the dump can tell its position in the binary log. */
  readonly hasPosition: boolean;
}

export interface DatabaseFacts {
  readonly name: string;
  readonly sizeBytes: number;
  readonly characterSet: string;
  readonly collation: string;
  /** Tables that the patterns leave out. */
  readonly excludedTables: readonly string[];
  /** Tables whose engine knows no transactions: what is written to them during a dump may be in it in part. */
  readonly unprotectedTables: readonly string[];
}

export interface ServerRequest {
  readonly connection: MysqlConnection;
  /** Default: all that the user may see but those of the server itself. */
  readonly databases?: readonly string[];
  /** Patterns of names. */
  readonly excludeDatabases?: readonly string[];
  /** Patterns of `database.table`. */
  readonly excludeTables?: readonly string[];
  readonly signal: AbortSignal;
}

export const flavourNames: Readonly<Record<Flavour, string>> = { mariadb: 'MariaDB', mysql: 'MySQL' };

const systemDatabases = ['information_schema', 'performance_schema', 'mysql', 'sys', 'innodb'];

/**
 * Looks at a server.
 * @throws {Failure} as `MysqlSession.open`; SourceUnsupported for an old version; SourceMissing for a database
 *   of the list that is not there
 */
export async function inspectServer(request: ServerRequest): Promise<ServerFacts> {
  const session = await MysqlSession.open(request.connection, request.signal);
  try {
    const server = await readVersion(session, request.connection);
    const databases = await readDatabases(session, request);
    const hasPosition = await mayTellPosition(session, server);
    return { ...server, isEncrypted: session.isEncrypted, databases, hasPosition };
  } finally {
    await session.close();
  }
}

/** @throws {Failure} SourceUnsupported for a version that is too old */
export async function readVersion(
  session: MysqlSession,
  connection: MysqlConnection,
): Promise<Pick<ServerFacts, 'flavour' | 'version' | 'major'>> {
  const { text } = await session.row(z.object({ text: z.string() }), 'SELECT version() AS text');
  // "10.11.19-MariaDB-0+deb12u1-log", "8.4.3", and once "5.5.5-10.6.1-MariaDB".
  const flavour = /mariadb/i.test(text) ? 'mariadb' : 'mysql';
  const version = /(\d+\.\d+\.\d+)/.exec(text.replace(/^5\.5\.5-(?=10\.)/, ''))?.[1] ?? text;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = flavour === 'mariadb' ? major === 10 && minor < 3 : major < 5 || (major === 5 && minor < 7);
  if (!isOld) return { flavour, version, major };
  throw new Failure(
    'SourceUnsupported',
    `${flavourNames[flavour]} at ${describeServer(connection)} is version ${version}: MySQL 5.7 and MariaDB 10.3 are the oldest that are supported`,
  );
}

const databaseSchema = z.object({ name: z.string(), characterSet: z.string(), collation: z.string() });

const tableSchema = z.object({
  database: z.string(),
  name: z.string(),
  sizeBytes: z.coerce.number().nullable(),
  isUnprotected: flagSchema,
});

async function readDatabases(
  session: MysqlSession,
  { connection, databases: listed, excludeDatabases = [], excludeTables = [] }: ServerRequest,
): Promise<readonly DatabaseFacts[]> {
  const excluded = new NamePatterns(excludeDatabases);
  const excludedTables = new NamePatterns(excludeTables);
  const all = await session.rows(
    databaseSchema,
    `SELECT schema_name AS name, default_character_set_name AS characterSet, default_collation_name AS collation
     FROM information_schema.schemata ORDER BY BINARY schema_name`,
  );
  const missing = (listed ?? []).filter((name) => !all.some((database) => database.name === name));
  if (missing.length > 0) {
    throw new Failure(
      'SourceMissing',
      `The server at ${describeServer(connection)} has no database ${missing.map((name) => `"${name}"`).join(', ')} that the user ${connection.user} may see`,
    );
  }
  const wanted = ({ name }: { readonly name: string }): boolean =>
    listed?.includes(name) ?? (!systemDatabases.includes(name.toLowerCase()) && !isBeside(name));
  const chosen = all.filter((database) => wanted(database) && !excluded.matches(database.name));
  const tables = await session.rows(tableSchema, tablesQuery);
  return chosen.map((database) => {
    const own = tables.filter((table) => table.database === database.name);
    const isExcluded = ({ name }: { readonly name: string }): boolean =>
      excludedTables.matches(`${database.name}.${name}`);
    const kept = own.filter((table) => !isExcluded(table));
    return {
      ...database,
      sizeBytes: kept.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
      excludedTables: own.filter(isExcluded).map(({ name }) => name),
      unprotectedTables: kept.filter(({ isUnprotected }) => isUnprotected).map(({ name }) => name),
    };
  });
}

/** Views have no engine; sequences of MariaDB are no rows that change under a dump. */
const tablesQuery = `
  SELECT t.table_schema AS \`database\`, t.table_name AS name, t.data_length AS sizeBytes,
    t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND coalesce(e.transactions, 'NO') <> 'YES' AS isUnprotected
  FROM information_schema.tables AS t LEFT JOIN information_schema.engines AS e ON e.engine = t.engine
  ORDER BY BINARY t.table_schema, BINARY t.table_name`;

/**
 * MariaDB tells the position of a transaction's view by itself. MySQL's dump tool stops all writes for the
 * moment in which it begins, which needs the right RELOAD.
 */
async function mayTellPosition(
  session: MysqlSession,
  { flavour, version }: Pick<ServerFacts, 'flavour' | 'version'>,
): Promise<boolean> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isRenamed = flavour === 'mysql' && (major > 8 || (major === 8 && minor >= 4));
  const status = isRenamed ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS';
  try {
    const rows = await session.rows(z.unknown(), status);
    if (rows.length === 0) return false;
    if (flavour === 'mariadb') return true;
    const grants = await session.rows(z.record(z.string(), z.string()), 'SHOW GRANTS');
    return grants
      .flatMap(Object.values)
      .some((grant) => /^GRANT .*\b(RELOAD|ALL PRIVILEGES)\b.* ON \*\.\*/.test(grant));
  } catch (error) {
    // The right to ask is missing, or the log is off.
    if (isFailure(error, 'SourceUnreachable')) throw error;
    return false;
  }
}
