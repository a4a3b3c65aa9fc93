import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { ensureMariadb } from '../../tools/mariadb.ts';
import { startMysqlServer } from '../../tools/mysql-server.ts';
import type { TestScope } from '../repository/temporary-folder.ts';
import { environmentNames, mariadbSettings, printNotice, type SharedMariadb } from './environment.ts';

export type { SharedMariadb };

export interface TestDatabase {
  readonly name: string;
  drop(): Promise<void>;
}

/**
 * A MariaDB: the one that test/run.ts has handed over, which others share, so make databases and users of your own; or
 * else one that is stopped when the scope ends.
 * @throws {Failure} ToolMissing
 */
export async function mariadbOf(scope: TestScope): Promise<SharedMariadb> {
  const given = process.env[environmentNames.mariadb];
  if (given !== undefined) return JSON.parse(given);
  const tools = await ensureMariadb({ onNotice: printNotice });
  const { host, port, user, stop } = await startMysqlServer({ tools, settings: mariadbSettings });
  scope.after(stop);
  return { host, port, user, binDir: tools.binDir };
}

/** Makes an empty database with a name of its own. */
export async function createDatabase(server: SharedMariadb, prefix = 'test'): Promise<TestDatabase> {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  const quoted = mysql.escapeId(name, true);
  await execute(server, [`CREATE DATABASE ${quoted} DEFAULT CHARACTER SET utf8mb4`]);
  return { name, drop: () => execute(server, [`DROP DATABASE IF EXISTS ${quoted}`]) };
}

/** Runs statements one by one, as the user who may do everything. */
export async function execute(
  server: SharedMariadb,
  statements: readonly string[],
  database?: string,
): Promise<void> {
  const connection = await connect(server, database);
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Rows of a query, each an array of texts. */
export async function select(
  server: SharedMariadb,
  sql: string,
  database?: string,
): Promise<readonly (readonly string[])[]> {
  const connection = await connect(server, database);
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return (rows as unknown[][]).map((row) => row.map(String));
  } finally {
    await connection.end();
  }
}

function connect({ host, port, user }: SharedMariadb, database?: string): Promise<mysql.Connection> {
  return mysql.createConnection({ host, port, user, ...(database === undefined ? {} : { database }) });
}
