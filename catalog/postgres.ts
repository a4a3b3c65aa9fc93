import { CompiledQuery, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Secret } from '../secrets/secret.ts';
import { type CatalogDatabase, migrate, openKysely } from './database.ts';
import { catalogFailure, isRolledBack } from './failures.ts';

export interface PostgresCatalogOptions {
  readonly kind: 'postgres';
  /** Connection URL, password included. */
  readonly url: Secret;
  /** Schema for the tables; made when missing. */
  readonly schema?: string;
}

const connectTimeoutMs = 10_000;
const statementTimeoutMs = 60_000;
/** Enough for a worker's activities and its API; a server has a hundred or so for all. */
const poolSize = 4;
const attempts = 4;
const int8 = 20;
const numeric = 1700;

/** @throws {Failure} as CatalogDatabase, and CatalogUnsupported */
export async function openPostgresDatabase(options: PostgresCatalogOptions): Promise<CatalogDatabase> {
  const { url, schema = 'resguardo' } = options;
  const pool = new pg.Pool({
    connectionString: url.reveal(),
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    application_name: 'resguardo catalog',
    types: { getTypeParser },
  });
  // A connection that breaks while idle is replaced at its next use; without a listener it ends the process.
  pool.on('error', () => undefined);
  const place = placeOf(url);
  const database = openKysely(
    new PostgresDialect({
      pool,
      onCreateConnection: async (connection) => {
        await connection.executeQuery(CompiledQuery.raw(`set search_path to ${quoted(schema)}`));
      },
    }),
  );
  const within = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!isRolledBack(error) || attempt === attempts) throw catalogFailure(error, { what, place });
      }
    }
  };
  try {
    await within('open the catalog', () => migrate(database, place, schema));
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    kind: 'postgres',
    place,
    read: (what, work) => within(what, () => work(database)),
    write: (what, work) => within(what, () => database.transaction().execute(work)),
    close: () => database.destroy(),
  };
}

/** Counts and sums come as text, for which JavaScript's numbers are exact up to 9 PB. */
const getTypeParser: typeof pg.types.getTypeParser = (id: number, format?: 'text' | 'binary') =>
  id === int8 || id === numeric ? Number : pg.types.getTypeParser(id, format);

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `host/database` without user and password. */
function placeOf(url: Secret): string {
  try {
    const { host, pathname } = new URL(url.reveal());
    return `postgres://${host}${pathname}`;
  } catch {
    return 'in PostgreSQL';
  }
}
