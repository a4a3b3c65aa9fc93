import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import pg from 'pg';
import { Secret } from '../../secrets/secret.ts';
import { ensurePostgres, type PostgresMajor } from '../../tools/postgres.ts';
import { type PostgresServer, startPostgres } from '../../tools/postgres-server.ts';
import { environmentNames, printNotice } from './environment.ts';

export interface SharedPostgres {
  readonly major: PostgresMajor;
  readonly host: string;
  readonly port: number;
  /** Superuser. */
  readonly user: string;
  readonly password: Secret;
  /** Folder with all programs of that version. */
  readonly binDir: string;
}

export interface TestDatabase {
  readonly name: string;
  /** Connection URL with the password. */
  readonly url: string;
  /** Ends all sessions and removes it. */
  drop(): Promise<void>;
}

/** Settings of servers that tests share: what is lost in a crash of the machine does not matter. */
export const testSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'replica',
  max_wal_senders: '5',
  max_connections: '50',
} as const;

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

/** For the environment of test files: they get the password, so only servers that were made for tests. */
export function encodeServer(server: SharedPostgres): string {
  return JSON.stringify({ ...server, password: server.password.reveal() });
}

function decodeServer(text: string): SharedPostgres {
  const server = JSON.parse(text);
  return { ...server, password: new Secret(server.password) };
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
