import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Secret } from '../../../secrets/secret.ts';
import { parseManifest } from '../../../sources/mysql/manifest.ts';
import { execute, type SharedMariadb, select } from '../../servers/mariadb.ts';
import { mysqlServer } from '../../servers/mysql.ts';
import { connectionTo, never, prepared, sourceOf } from '../../sources/mysql/sample.ts';
import { collect } from '../../sources/postgres/collect.ts';
import { restoresDatabases } from './behaviour.ts';
import { backUp, onlyDatabase, planned, restoreBeside } from './round-trip.ts';
import { restoresTables } from './tables.ts';

restoresDatabases(mysqlServer);
restoresTables(mysqlServer);

/** What MySQL has and MariaDB writes otherwise, or lacks. */
const ownStatements: readonly string[] = [
  `CREATE TABLE shape (id int PRIMARY KEY INVISIBLE AUTO_INCREMENT, place point NOT NULL SRID 4326, facts json,
     size int AS (json_length(facts)) VIRTUAL, kept int AS (json_length(facts) + 1) STORED,
     made datetime(3) DEFAULT (now(3)), mark binary(16) DEFAULT (uuid_to_bin('6ccd780c-baba-1026-9564-5b8c656024db')),
     CONSTRAINT small CHECK (json_length(facts) < 9), SPATIAL INDEX (place), INDEX (size DESC),
     INDEX ((cast(facts->'$.a' AS unsigned))))`,
  `INSERT INTO shape (place, facts, made) VALUES
     (ST_GeomFromText('POINT(10 20)', 4326), '{"a": 1, "ü": "x y"}', '2020-01-01 00:00:00.123'),
     (ST_GeomFromText('POINT(-10 2.5)', 4326), NULL, '2020-01-02')`,
  'SET sql_generate_invisible_primary_key = ON',
  'CREATE TABLE keyless (v vector(3), n int)',
  "INSERT INTO keyless VALUES (string_to_vector('[1,2.5,-3]'), 1), (NULL, 2)",
  'CREATE TABLE part (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (year(at)) (PARTITION old VALUES LESS THAN (2000), PARTITION rest VALUES LESS THAN MAXVALUE)',
  "INSERT INTO part VALUES (1, '1999-01-01'), (2, '2020-01-01')",
];

async function tablesIn(server: SharedMariadb, database: string): Promise<readonly (readonly string[])[]> {
  const made: (readonly string[])[] = [];
  for (const table of ['shape', 'keyless', 'part']) {
    made.push(...(await select(server, `SHOW CREATE TABLE ${table}`, database)));
    made.push(...(await select(server, `SELECT * FROM ${table} ORDER BY 1, 2`, database)));
  }
  return made;
}

test('invisible columns and keys, generated columns, checks, JSON, places and vectors come back', async (t) => {
  const server = await mysqlServer();
  const name = await prepared(t, server, ownStatements);
  const work = await backUp(t, server, [name]);
  const target = `copy_${randomBytes(4).toString('hex')}`;
  const restoring = await planned(t, server, work, { target });
  assert.deepEqual((await restoreBeside(restoring)).warnings, []);
  await restoring.restorer.swap(restoring.plan, work);
  assert.deepEqual(await tablesIn(server, target), await tablesIn(server, name));
  assert.equal(onlyDatabase(restoring.plan).replaced, undefined);
});

test('users with roles and salted passwords come back and can log in', async (t) => {
  const server = await mysqlServer();
  const user = `it's \`${randomBytes(4).toString('hex')}`;
  const quoted = `\`${user.replaceAll('`', '``')}\`@\`%\``;
  const role = `role_${randomBytes(4).toString('hex')}`;
  const name = await prepared(t, server, ['CREATE TABLE t (id int)']);
  await execute(server, [
    `CREATE ROLE ${role}`,
    `CREATE USER ${quoted} IDENTIFIED WITH caching_sha2_password BY 'open sesame' DEFAULT ROLE ${role}`,
    `GRANT SELECT ON *.* TO ${role}`,
    `GRANT ${role} TO ${quoted}`,
    `GRANT BACKUP_ADMIN ON *.* TO ${quoted}`,
  ]);
  const drop = [`DROP USER IF EXISTS ${quoted}`, `DROP ROLE IF EXISTS ${role}`];
  t.after(() => execute(server, drop));
  const work = await backUp(t, server, [name]);
  await execute(server, drop);
  const restoring = await planned(t, server, work, { include: [name, 'users.sql'] });
  assert.deepEqual((await restoreBeside(restoring)).warnings, []);
  const connection = { ...connectionTo(server), user, password: new Secret('open sesame') };
  const { description } = await sourceOf(t, server, { connection, databases: [name] })
    .preflight(never)
    .catch((error: Error) => ({ description: error.message }));
  assert.match(description, /^MySQL 9|lacks rights/, 'it is let in');
});

test('a server that is read-only, as a replica is, is backed up with its position in the binary log', async (t) => {
  const server = await mysqlServer();
  const name = await prepared(t, server, ['CREATE TABLE t (id int)', 'INSERT INTO t VALUES (1)']);
  await execute(server, ['SET GLOBAL super_read_only = ON']);
  try {
    const { files, warnings } = await collect(sourceOf(t, server, { databases: [name] }), never);
    assert.deepEqual(warnings, []);
    const [database] = parseManifest(files.get('sample/manifest.json') ?? Buffer.of()).databases;
    assert.match(database?.position?.file ?? '', /^binlog\.\d+$/);
    assert.equal(database?.tables[0]?.rows, 1);
  } finally {
    await execute(server, ['SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF']);
  }
});
