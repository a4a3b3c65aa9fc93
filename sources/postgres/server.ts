import { z } from 'zod';
import { Failure } from '../../contracts/failures.ts';
import { isBeside } from '../beside-names.ts';
import { NamePatterns } from '../name-patterns.ts';
import { describeServer, type PostgresConnection } from './connection.ts';
import { PostgresSession } from './session.ts';

export interface ServerFacts {
  /** "17.11". */
  readonly version: string;
  readonly major: number;
  /** Databases that are backed up, in order of their names. */
  readonly databases: readonly DatabaseSize[];
  /** Databases that should be backed up and that our user may not connect to. */
  readonly closedDatabases: readonly string[];
  /** Whether our user may read the hashes of the roles' passwords. */
  readonly passwordsReadable: boolean;
}

export interface DatabaseSize {
  readonly name: string;
  readonly sizeBytes: number;
}

/** PostgreSQL 12 is out of support since 2024, and older ones lack what checks need. */
const oldestMajor = 13;

/** Databases that services of cloud providers keep for themselves, and let nobody read. */
const serviceDatabases = ['rdsadmin', 'cloudsqladmin', 'alloydbadmin', 'azure_maintenance', 'azure_sys'];

export interface ServerRequest {
  readonly connection: PostgresConnection;
  /** Default: all of the server but template0 and template1. */
  readonly databases?: readonly string[];
  /** Names that are left out, with the wildcards * and ?. */
  readonly excludeDatabases?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Looks at a server.
 * @throws {Failure} as `PostgresSession.open`; SourceUnsupported for an old version or a pooler in between;
 *   SourceMissing for a database of the list that is not there
 */
export async function inspectServer(request: ServerRequest): Promise<ServerFacts> {
  const { connection, signal } = request;
  const session = await PostgresSession.open(connection, connection.database, signal);
  try {
    const { version, major } = await readVersion(session, connection);
    await requireDirect(session, connection);
    const databases = await readDatabases(session, request);
    const { readable } = await session.row(
      z.object({ readable: z.boolean() }),
      `SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS readable`,
    );
    return { version, major, ...databases, passwordsReadable: readable };
  } finally {
    await session.close();
  }
}

/** @throws {Failure} SourceUnsupported for a version that is too old */
export async function readVersion(
  session: PostgresSession,
  connection: PostgresConnection,
): Promise<Pick<ServerFacts, 'version' | 'major'>> {
  const { number, text } = await session.row(
    z.object({ number: z.coerce.number(), text: z.string() }),
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS text`,
  );
  // "17.11 (Debian 17.11-1)".
  const version = text.split(' ')[0] ?? text;
  const major = Math.floor(number / 10_000);
  if (major >= oldestMajor) return { version, major };
  throw new Failure(
    'SourceUnsupported',
    `PostgreSQL at ${describeServer(connection)} is version ${version}, and ${oldestMajor} is the oldest that is supported`,
  );
}

/** @throws {Failure} SourceUnsupported if a pooler stands between, which may give statements to different sessions */
export async function requireDirect(session: PostgresSession, connection: PostgresConnection): Promise<void> {
  if (await session.isDirect()) return;
  throw new Failure(
    'SourceUnsupported',
    `PostgreSQL at ${describeServer(connection)} is behind a connection pooler such as PgBouncer: what one session sets up may meet another one, so a dump would not be consistent`,
    { advice: 'Connect to the server itself: its own port is usually 5432, that of a pooler 6432.' },
  );
}

const databaseSchema = z.object({
  name: z.string(),
  isOpen: z.boolean(),
  sizeBytes: z.coerce.number().nullable(),
});

async function readDatabases(
  session: PostgresSession,
  { connection, databases: listed, excludeDatabases = [] }: ServerRequest,
): Promise<Pick<ServerFacts, 'databases' | 'closedDatabases'>> {
  const all = await session.rows(
    databaseSchema,
    `SELECT datname AS name, may.connect AS "isOpen",
       CASE WHEN may.connect THEN pg_database_size(oid) END AS "sizeBytes"
     FROM pg_database, has_database_privilege(oid, 'CONNECT') AS may(connect)
     WHERE datallowconn ORDER BY datname`,
  );
  const names = listed ?? all.map(({ name }) => name).filter(isBackedUpByDefault);
  const missing = names.filter((name) => !all.some((database) => database.name === name));
  if (missing.length > 0) {
    throw new Failure(
      'SourceMissing',
      `PostgreSQL at ${describeServer(connection)} has no database ${missing.map((name) => `"${name}"`).join(', ')} that accepts connections`,
    );
  }
  const excluded = new NamePatterns(excludeDatabases);
  const chosen = all.filter(({ name }) => names.includes(name) && !excluded.matches(name));
  return {
    databases: chosen
      .filter(({ isOpen }) => isOpen)
      .map(({ name, sizeBytes }) => ({ name, sizeBytes: sizeBytes ?? 0 })),
    closedDatabases: chosen.filter(({ isOpen }) => !isOpen).map(({ name }) => name),
  };
}

/** What a restore left beside a database is in an earlier backup already. */
function isBackedUpByDefault(name: string): boolean {
  return !['template0', 'template1', ...serviceDatabases].includes(name) && !isBeside(name);
}
