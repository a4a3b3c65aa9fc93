/** Tests that need a server of their own: they look at all of its databases and roles, or kill it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { captureProgram } from '../../../programs/capture.ts';
import { Secret } from '../../../secrets/secret.ts';
import { dumpFolder } from '../../../sources/postgres/file-names.ts';
import { parseManifest } from '../../../sources/postgres/manifest.ts';
import { createPostgresSource } from '../../../sources/postgres/source.ts';
import { type PostgresServer, startPostgres } from '../../../tools/postgres-server.ts';
import { failureOf } from '../../failure-of.ts';
import { postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { collect, openDump } from './collect.ts';
import { column, connectionTo, execute, never, sampleSchema } from './sample.ts';

type OwnServer = SharedPostgres & Pick<PostgresServer, 'pid'>;

const roleFile = new URL('../../../docs/policies/postgres-backup-role.sql', import.meta.url);

/** A killed server leaves its shared memory; in files, it goes with the folder. */
const ownSettings = { fsync: 'off', dynamic_shared_memory_type: 'mmap' };

async function ownServer(t: TestContext, major: 15 | 17 | 18 = 17): Promise<OwnServer> {
  const { binDir } = await postgresServer(major);
  const server = await startPostgres({ binDir, settings: ownSettings });
  t.after(() => server.stop());
  const { host, port, user, password, pid } = server;
  return { major, host, port, user, password, pid, binDir };
}

/** Names that mean something to a shell, to libpq, to a file system or to SQL. */
const strangeNames = [
  '-f etc',
  '--file=x',
  '$(touch x)`id`',
  'a=b host=evil.invalid',
  'postgresql://evil.invalid/x',
  '../../etc/passwd',
  '.hidden',
  'new\nline\ttab',
  `quo"te's\\`,
  'ünï©ode 数据',
  '*?%41',
  'x'.repeat(63),
];

test('all databases of a server are backed up, whatever their names', async (t) => {
  const server = await ownServer(t);
  for (const name of strangeNames) {
    await execute(connectionTo(server), `CREATE DATABASE "${name.replaceAll('"', '""')}"`);
    await execute(
      connectionTo(server, name),
      `CREATE TABLE item AS SELECT ${strangeNames.indexOf(name)} AS number`,
    );
  }
  // What restores leave beside a database is in an earlier backup.
  for (const kind of ['restore', 'before'])
    await execute(connectionTo(server), `CREATE DATABASE shop__${kind}_20261126101500_0a1b2c`);
  // The session of the roles too goes to a database whose name is no connection string.
  const connection = connectionTo(server, 'a=b host=evil.invalid');
  const source = createPostgresSource({ name: 'all', connection, binDir: server.binDir });
  t.after(() => source.close());
  const { files, warnings } = await collect(source, never);
  const manifest = parseManifest(files.get('all/manifest.json') ?? Buffer.of());
  assert.deepEqual(manifest.databases.map(({ name }) => name).sort(), ['postgres', ...strangeNames].sort());
  assert.equal(new Set(manifest.databases.map(({ folder }) => folder)).size, strangeNames.length + 1);
  for (const { name, folder, tables } of manifest.databases) {
    assert.equal(folder, dumpFolder(name));
    assert.match(folder, /^[\p{L}\p{N}_%][\p{L}\p{N}_.%-]*\.dump$/u);
    assert.ok(files.get(`all/${folder}/toc.dat`)?.toString('latin1').startsWith('PGDMP'));
    assert.equal(tables.length, name === 'postgres' ? 0 : 1);
  }
  assert.deepEqual(warnings, []);
});

test('the commands of RESTORE.md restore the databases', async (t) => {
  const server = await ownServer(t);
  const names = ['shop', "it's -f a=b"];
  for (const name of names) {
    await execute(connectionTo(server), `CREATE DATABASE "${name}"`);
    await execute(connectionTo(server, name), sampleSchema);
  }
  await execute(connectionTo(server), "CREATE ROLE clerk PASSWORD 'x'; GRANT pg_read_all_data TO clerk");
  const source = createPostgresSource({
    name: 'sample',
    connection: connectionTo(server),
    databases: names,
    binDir: server.binDir,
  });
  t.after(() => source.close());
  const { files } = await collect(source, never);
  const folder = await mkdtemp(join(tmpdir(), 'restore-md-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const commands = `${files.get('sample/RESTORE.md')}`
    .split('\n')
    .filter((line) => /^ {4}(psql|createdb|pg_restore)/.test(line));
  assert.equal(commands.length, 1 + 4 * names.length);
  const target = await ownServer(t);
  const { host, port, user, binDir } = target;
  const env = { PATH: `${binDir}:/usr/bin:/bin`, PGHOST: host, PGPORT: String(port), PGUSER: user };
  const run = (lines: readonly string[], password: Secret) =>
    captureProgram({
      command: 'sh',
      args: ['-e', '-c', lines.join('\n')],
      env: { ...env, PGPASSWORD: password.reveal() },
      workingFolder: join(folder, 'sample'),
      signal: never,
    });
  // The first one makes the roles, and gives those that exist the passwords of the old server.
  await run(commands.slice(0, 1), target.password);
  const restored = { ...target, password: server.password };
  await run(commands.slice(1), restored.password);
  for (const name of names.flatMap((each) => [each, `${each}_restored`])) {
    assert.deepEqual(await column(connectionTo(restored, name), 'SELECT count(*) FROM shop.customer'), [
      '2000',
    ]);
  }
  assert.deepEqual(
    await column(connectionTo(restored), "SELECT pg_has_role('clerk', 'pg_read_all_data', 'MEMBER')"),
    ['true'],
  );
});

test('a user without the rights of a superuser backs up what it may, and warns of the rest', async (t) => {
  const server = await ownServer(t);
  await execute(connectionTo(server), "CREATE ROLE backup LOGIN PASSWORD 'pw'");
  for (const name of ['open', 'closed']) await execute(connectionTo(server), `CREATE DATABASE ${name}`);
  await execute(
    connectionTo(server, 'open'),
    'CREATE TABLE item AS SELECT 1 AS id; GRANT SELECT ON item TO backup',
  );
  await execute(connectionTo(server), 'REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
  const connection = { ...connectionTo(server), user: 'backup', password: new Secret('pw') };
  const options = { name: 'sample', connection, binDir: server.binDir };
  const source = createPostgresSource(options);
  t.after(() => source.close());
  const { files, warnings } = await collect(source, never);
  assert.deepEqual(warnings, [
    {
      subject: 'closed',
      message: 'The user backup may not connect to the database "closed": it is not backed up',
    },
    {
      subject: 'globals.sql',
      message: 'The passwords of the roles are left out: the user backup may not read pg_authid',
    },
  ]);
  assert.match(`${files.get('sample/globals.sql')}`, /CREATE ROLE backup;/);
  assert.doesNotMatch(`${files.get('sample/globals.sql')}`, /SCRAM-SHA-256/);
  assert.deepEqual(
    parseManifest(files.get('sample/manifest.json') ?? Buffer.of()).databases.map(({ name }) => name),
    ['open', 'postgres'],
  );
  const listed = createPostgresSource({ ...options, databases: ['closed'], rolePasswords: false });
  t.after(() => listed.close());
  const { message } = await failureOf(collect(listed, never), 'SourceAuthentication');
  assert.match(message, /^The user backup may not connect to the database "closed" at 127/);
});

for (const major of [15, 17, 18] as const) {
  test(`the role that we ship backs up all of PostgreSQL ${major}, and can change nothing`, async (t) => {
    const server = await ownServer(t, major);
    await execute(connectionTo(server), await readFile(roleFile, 'utf8'));
    await execute(connectionTo(server), "ALTER ROLE resguardo_backup PASSWORD 'pw'");
    await execute(
      connectionTo(server),
      `CREATE SCHEMA closed; CREATE TABLE closed.salary AS SELECT 1 AS id; REVOKE ALL ON SCHEMA closed FROM PUBLIC;
       CREATE SEQUENCE closed.number; CREATE TABLE secret AS SELECT 2 AS id;
       ALTER TABLE secret ENABLE ROW LEVEL SECURITY; ALTER TABLE secret FORCE ROW LEVEL SECURITY;
       CREATE POLICY nobody ON secret USING (false)`,
    );
    const connection = { ...connectionTo(server), user: 'resguardo_backup', password: new Secret('pw') };
    for (const largeTableBytes of [1, 1e9]) {
      const options = { connection, binDir: server.binDir, rolePasswords: false, largeTableBytes };
      const source = createPostgresSource({ name: 'sample', ...options });
      t.after(() => source.close());
      const { files, warnings } = await collect(source, never);
      assert.deepEqual(warnings, []);
      const { databases } = parseManifest(files.get('sample/manifest.json') ?? Buffer.of());
      assert.deepEqual(
        databases[0]?.tables.map(({ name, rows }) => [name, rows]),
        [
          ['salary', '1'],
          ['secret', '1'],
        ],
      );
    }
    for (const change of ['DELETE FROM closed.salary', 'CREATE TABLE mine ()', 'CREATE DATABASE mine']) {
      await assert.rejects(execute(connection, change), change);
    }
  });
}

test('a role that has no connection left is told as that', async (t) => {
  const server = await ownServer(t);
  await execute(connectionTo(server), "CREATE ROLE backup LOGIN PASSWORD 'pw' CONNECTION LIMIT 1");
  await execute(
    connectionTo(server),
    'CREATE TABLE item AS SELECT 1 AS id; GRANT pg_read_all_data TO backup',
  );
  const connection = { ...connectionTo(server), user: 'backup', password: new Secret('pw') };
  for (const largeTableBytes of [1, 1e9]) {
    const options = {
      name: 'sample',
      connection,
      binDir: server.binDir,
      rolePasswords: false,
      largeTableBytes,
    };
    const source = createPostgresSource(options);
    t.after(() => source.close());
    const { message } = await failureOf(collect(source, never), 'SourceUnreachable');
    assert.match(message, /too many connections for role "backup"/);
  }
});

test('a table that the user may not read fails the backup, with the right to grant', async (t) => {
  const server = await ownServer(t);
  await execute(connectionTo(server), "CREATE ROLE backup LOGIN PASSWORD 'pw'; CREATE TABLE salary ()");
  const connection = { ...connectionTo(server), user: 'backup', password: new Secret('pw') };
  const source = createPostgresSource({ name: 'sample', connection, binDir: server.binDir });
  t.after(() => source.close());
  const { message, advice } = await failureOf(collect(source, never), 'SourceAuthentication');
  assert.match(message, /permission denied for table salary/);
  assert.match(advice, /pg_read_all_data/);
});

for (const [how, signal] of [
  ['is killed', 'SIGKILL'],
  ['shuts down', 'SIGINT'],
] as const) {
  test(`a server that ${how} in the middle of a dump fails it, to be tried again`, async (t) => {
    const server = await ownServer(t);
    await execute(connectionTo(server), sampleSchema);
    const source = createPostgresSource({
      name: 'sample',
      connection: connectionTo(server),
      binDir: server.binDir,
    });
    t.after(() => source.close());
    const { stream, finish } = await openDump(source, never);
    process.kill(server.pid, signal);
    stream.resume();
    await failureOf(finish(), 'SourceUnreachable');
  });
}
