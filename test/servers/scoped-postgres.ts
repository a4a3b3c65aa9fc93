import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ensurePostgres, type PostgresMajor } from '../../tools/postgres.ts';
import { startPostgres } from '../../tools/postgres-server.ts';
import type { TestScope } from '../repository/temporary-folder.ts';
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

/**
 * A PostgreSQL of that major version: the one that test/run.ts has handed over, which others share, so make databases
 * and roles of your own; or else one that is stopped when the scope ends.
 * @throws {Failure} ToolMissing
 */
export async function postgresOf(scope: TestScope, major: PostgresMajor): Promise<SharedPostgres> {
  const given = process.env[environmentNames.postgres(major)];
  if (given !== undefined) return decodeServer(given);
  const { binDir } = await ensurePostgres(major, { onNotice: printNotice });
  const { host, port, user, password, stop } = await startPostgres({ binDir, settings: testSettings });
  scope.after(stop);
  return { major, host, port, user, password, binDir };
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

async function query(server: SharedPostgres, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: connectionUrl(server, 'postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
