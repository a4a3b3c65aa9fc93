import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { connectionUrl, createDatabase, type SharedPostgres } from '../servers/postgres.ts';
import { cleanUp } from './clean-up.ts';

export interface FilledDatabase {
  readonly name: string;
  /** Password of a role of its own. */
  readonly password: string;
  readonly url: string;
  /** The same with another password. */
  readonly wrongUrl: string;
}

/** Makes a database with 25 MB that do not compress, and a role that may read all. */
export async function databaseWithRole(t: TestContext, server: SharedPostgres): Promise<FilledDatabase> {
  const database = await createDatabase(server, 'worker');
  cleanUp(t, () => database.drop());
  const role = `reader_${randomBytes(4).toString('hex')}`;
  const password = `canary${randomBytes(12).toString('hex')}`;
  await query(database.url, [
    `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD '${password}'`,
    'CREATE TABLE item (id int PRIMARY KEY, content bytea NOT NULL)',
    `INSERT INTO item SELECT number, (SELECT string_agg(sha256((number || ':' || part)::bytea), ''::bytea)
       FROM generate_series(1, 1000) AS part) FROM generate_series(1, 800) AS number`,
  ]);
  cleanUp(t, () => query(connectionUrl(server, 'postgres'), [`DROP ROLE ${role}`]));
  const place = `${server.host}:${server.port}/${database.name}`;
  return {
    name: database.name,
    password,
    url: `postgresql://${role}:${password}@${place}`,
    wrongUrl: `postgresql://${role}:${password}-wrong@${place}`,
  };
}

export async function dropDatabase(server: SharedPostgres, name: string): Promise<void> {
  await query(connectionUrl(server, 'postgres'), [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]);
}

async function query(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
