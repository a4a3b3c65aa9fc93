import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import mysql from 'mysql2/promise';
import { ensureMariadb } from '../../tools/mariadb.ts';
import { type MysqlServer, startMysqlServer } from '../../tools/mysql-server.ts';
import { environmentNames, mariadbSettings, printNotice, type SharedMariadb } from './environment.ts';

export type { SharedMariadb };

export interface TestDatabase {
  readonly name: string;
  drop(): Promise<void>;
}

/** Started by this process, because test/run.ts did not hand one over. */
let own: Promise<SharedMariadb & Pick<MysqlServer, 'stop'>> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/**
 * A MariaDB, shared with other test files: make databases and users of your own.
 * @throws {Failure} ToolMissing
 */
export async function mariadbServer(): Promise<SharedMariadb> {
  const given = process.env[environmentNames.mariadb];
  if (given !== undefined) return JSON.parse(given);
  own ??= startOwn();
  return own;
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

async function startOwn(): Promise<SharedMariadb & Pick<MysqlServer, 'stop'>> {
  const tools = await ensureMariadb({ onNotice: printNotice });
  const { host, port, user, stop } = await startMysqlServer({ tools, settings: mariadbSettings });
  return { host, port, user, binDir: tools.binDir, stop };
}
