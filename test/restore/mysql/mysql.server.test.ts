import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Secret } from '../../../secrets/secret.ts';
import { parseManifest } from '../../../sources/mysql/manifest.ts';
import { execute } from '../../servers/mariadb.ts';
import { mysqlServer } from '../../servers/mysql.ts';
import { connectionTo, never, prepared, sourceOf } from '../../sources/mysql/sample.ts';
import { collect } from '../../sources/postgres/collect.ts';
import { restoresDatabases } from './behaviour.ts';
import { backUp, planned, restoreBeside } from './round-trip.ts';
import { restoresTables } from './tables.ts';

restoresDatabases(mysqlServer);
restoresTables(mysqlServer);

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
