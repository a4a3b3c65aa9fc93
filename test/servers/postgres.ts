import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import pg from 'pg';
import { ensurePostgres, type PostgresMajor } from '../../tools/postgres.ts';
import { type PostgresServer, startPostgres } from '../../tools/postgres-server.ts';
import {
  decodeServer,
  environmentNames,
  printNotice,
  type SharedPostgres,
  testSettings,
} from './environment.ts';

export type { SharedPostgres };

export interface TestDatabase {
  readonly name: string;
  /** Connection URL with the password. */
  readonly url: string;
  /** Ends all sessions and removes it. */
  drop(): Promise<void>;
}

/** Started by this process, because test/run.ts did not hand them over. */
const own = new Map<PostgresMajor, Promise<SharedPostgres & Pick<PostgresServer, 'stop'>>>();

after(async () => {
  for (const server of own.values()) await (await server.catch(() => undefined))?.stop();
});

/**
 * A PostgreSQL of that major version, shared with other test files: make databases and roles of your own.
 * @throws {Failure} ToolMissing
 */
export async function postgresServer(major: PostgresMajor): Promise<SharedPostgres> {
  const given = process.env[environmentNames.postgres(major)];
  if (given !== undefined) return decodeServer(given);
  const starting = own.get(major) ?? startOwn(major);
  own.set(major, starting);
  return starting;
}

/** Makes an empty database with a name of its own. */
export async function createDatabase(server: SharedPostgres, prefix = 'test'): Promise<TestDatabase> {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await query(server, `CREATE DATABASE ${name}`);
  return {
    name,
    url: connectionUrl(server, name),
    drop: () => query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Connection URL with the password of the superuser. */
export function connectionUrl(server: SharedPostgres, database: string): string {
  return `postgresql://${server.user}:${server.password.reveal()}@${server.host}:${server.port}/${database}`;
}

async function startOwn(major: PostgresMajor): Promise<SharedPostgres & Pick<PostgresServer, 'stop'>> {
  const { binDir } = await ensurePostgres(major, { onNotice: printNotice });
  const server = await startPostgres({ binDir, settings: testSettings });
  const { host, port, user, password, stop } = server;
  return { major, host, port, user, password, binDir, stop };
}

async function query(server: SharedPostgres, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: connectionUrl(server, 'postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
