import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Failure } from '../../../contracts/failures.ts';
import { captureProgram } from '../../../programs/capture.ts';
import { Secret } from '../../../secrets/secret.ts';
import type { PostgresConnection } from '../../../sources/postgres/connection.ts';
import { libpqSettings } from '../../../sources/postgres/libpq.ts';
import { PostgresSession } from '../../../sources/postgres/session.ts';
import { createPostgresSource, type PostgresSourceOptions } from '../../../sources/postgres/source.ts';
import type { Source } from '../../../sources/source.ts';
import { failureOf } from '../../failure-of.ts';
import { createDatabase, postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { collect, openDump } from './collect.ts';
import { startPooler } from './pooler.ts';
import { childrenOf, dumpsOf } from './processes.ts';
import { column, connectionTo, execute, never, sampleSchema } from './sample.ts';

/** A database with the statements run in it, removed after the test. */
async function prepared(t: TestContext, server: SharedPostgres, sql: string): Promise<string> {
  const database = await createDatabase(server);
  t.after(() => database.drop());
  await execute(connectionTo(server, database.name), sql);
  return database.name;
}

function sourceOf(
  t: TestContext,
  server: SharedPostgres,
  options: Partial<PostgresSourceOptions> = {},
): Source {
  const source = createPostgresSource({
    name: 'sample',
    connection: connectionTo(server),
    binDir: server.binDir,
    ...options,
  });
  t.after(() => source.close());
  return source;
}

for (const major of [15, 17, 18] as const) {
  test(`preflight tells what there is to read from PostgreSQL ${major}`, async (t) => {
    const server = await postgresServer(major);
    const name = await prepared(t, server, 'CREATE TABLE item ()');
    const report = await sourceOf(t, server, { databases: [name, 'template1'] }).preflight(never);
    assert.match(report.description, new RegExp(`^PostgreSQL ${major}\\.\\d+, 2 databases, \\d+ MB$`));
    assert.ok(report.expectedBytes !== undefined && report.expectedBytes > 1_000_000);
  });
}

test('what a person got wrong is told by preflight, with the mend', async (t) => {
  const server = await postgresServer(17);
  const right = connectionTo(server);
  const wrong = (connection: Partial<PostgresConnection>) =>
    sourceOf(t, server, { connection: { ...right, ...connection } }).preflight(never);
  const closed = await closedPort();
  assert.equal(
    (await failureOf(wrong({ port: closed }), 'SourceUnreachable')).message,
    `PostgreSQL at 127.0.0.1:${closed} (database "postgres") cannot be used: nothing listens there`,
  );
  assert.match(
    (await failureOf(wrong({ host: 'no-such-host.invalid' }), 'SourceUnreachable')).message,
    /the host name (is not known|cannot be looked up now)$/,
  );
  const password = new Secret('canary-4711');
  const refused = await failureOf(wrong({ password }), 'SourceAuthentication');
  assert.match(
    refused.message,
    /it refuses the password: password authentication failed for user "postgres"$/,
  );
  assert.doesNotMatch(JSON.stringify(refused) + refused.stack, /canary/);
  const { password: _, ...without } = right;
  const silent = sourceOf(t, server, { connection: without }).preflight(never);
  assert.match((await failureOf(silent, 'SourceAuthentication')).message, /asks for a password and none is/);
  await failureOf(wrong({ database: 'no such' }), 'SourceMissing');
  assert.match(
    (await failureOf(wrong({ sslMode: 'require' }), 'SourceUnsupported')).message,
    /does not encrypt/,
  );
  const unlisted = sourceOf(t, server, { databases: ['postgres', 'shop', 'it"s'] }).preflight(never);
  assert.equal(
    (await failureOf(unlisted, 'SourceMissing')).message,
    `PostgreSQL at 127.0.0.1:${server.port} has no database "shop", "it"s" that accepts connections`,
  );
});

test('programs older than the server are not used', async (t) => {
  const [old, current] = [await postgresServer(15), await postgresServer(18)];
  const preflight = sourceOf(t, current, { binDir: old.binDir }).preflight(never);
  const { message, advice } = await failureOf(preflight, 'ToolMissing');
  assert.match(
    message,
    /^PostgreSQL at \S+ is version 18\.\d+, and no pg_dump.* of version 18 or newer were found in .*\(only 15\./,
  );
  assert.match(advice, /postgresql-client-18/);
});

test('a connection pooler is refused', async (t) => {
  const server = await postgresServer(17);
  const pooler = await startPooler(server);
  t.after(() => pooler.close());
  const connection = { ...connectionTo(server), port: pooler.port, sslMode: 'disable' } as const;
  const { message, advice } = await failureOf(
    sourceOf(t, server, { connection }).preflight(never),
    'SourceUnsupported',
  );
  assert.match(message, /is behind a connection pooler such as PgBouncer/);
  assert.match(advice, /5432/);
});

test('two backups of an unchanged database differ in the time of the dump and the size on disk alone', async (t) => {
  const server = await postgresServer(17);
  const databases = [await prepared(t, server, sampleSchema)];
  const [first, second] = [
    await collect(sourceOf(t, server, { databases }), never),
    await collect(sourceOf(t, server, { databases }), never),
  ];
  assert.deepEqual([...first.files.keys()], [...second.files.keys()]);
  const toc = `sample/${databases[0]}.dump/toc.dat`;
  for (const name of first.files.keys()) {
    if (name === toc || name === 'sample/manifest.json') continue;
    assert.deepEqual(first.files.get(name), second.files.get(name), name);
  }
  const afterTheTime = 64;
  assert.deepEqual(
    first.files.get(toc)?.subarray(afterTheTime),
    second.files.get(toc)?.subarray(afterTheTime),
  );
  // The server's own upkeep, autovacuum above all, changes what an unchanged database takes on disk.
  const steady = (manifest?: Buffer): string => `${manifest}`.replace(/"(capturedAt|sizeBytes)": .*/g, '');
  const manifest = 'sample/manifest.json';
  assert.equal(steady(first.files.get(manifest)), steady(second.files.get(manifest)));
});

test('the snapshot is one folder of our user alone, named after the source', async (t) => {
  const server = await postgresServer(17);
  const source = sourceOf(t, server, { databases: [await prepared(t, server, 'CREATE TABLE item ()')] });
  assert.deepEqual(source.paths, ['/sample']);
  const { entries } = await collect(source, never);
  const modes = [...entries].map(([path, { kind, metadata }]) => [
    path.split('.').at(-1),
    kind,
    metadata.mode & 0o777,
  ]);
  assert.deepEqual(modes, [
    ['sample', 'directory', 0o700],
    ['sql', 'stream', 0o600],
    ['dump', 'directory', 0o700],
    ['dat', 'stream', 0o600],
    ['dat', 'stream', 0o600],
    ['json', 'stream', 0o600],
    ['md', 'stream', 0o600],
  ]);
});

test('no password is seen in the processes of a dump', { skip: platform() !== 'linux' }, async (t) => {
  const server = await postgresServer(17);
  const role = `canary_${process.pid}`;
  // What has a meaning in a password file, in a URL or in a shell.
  const password = String.raw`canary:\ "'%40 $(id)`;
  await execute(
    connectionTo(server),
    `CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${password.replaceAll("'", "''")}'`,
  );
  t.after(() => execute(connectionTo(server), `DROP ROLE ${role}`));
  const connection = { ...connectionTo(server), user: role, password: new Secret(password) };
  const databases = [await prepared(t, server, sampleSchema)];
  const { stream, finish } = await openDump(sourceOf(t, server, { connection, databases }), never);
  const children = await childrenOf(process.pid);
  assert.ok(children.some(({ commandLine }) => commandLine.includes('--format=custom')));
  for (const { commandLine, environment } of children) {
    assert.doesNotMatch(commandLine, /canary:/);
    assert.doesNotMatch(environment, /canary:/);
  }
  stream.resume();
  await finish();
});

test('cancelling ends pg_dump', async (t) => {
  const server = await postgresServer(17);
  const database = await prepared(t, server, sampleSchema);
  const stop = new AbortController();
  const source = sourceOf(t, server, { databases: [database] });
  const { stream, finish } = await openDump(source, stop.signal);
  stop.abort(new Failure('Cancelled', 'Stopped by a person'));
  stream.resume();
  const { message } = await failureOf(finish(), 'Cancelled');
  assert.equal(message, 'Stopped by a person');
  await source.close();
  assert.deepEqual(await dumpsOf(process.pid), []);
});

test('closing a source in the middle of a dump ends pg_dump', async (t) => {
  const server = await postgresServer(17);
  const source = sourceOf(t, server, { databases: [await prepared(t, server, sampleSchema)] });
  const { finish } = await openDump(source, never);
  const failed = finish().catch(() => {});
  await source.close();
  await failed;
  assert.deepEqual(await dumpsOf(process.pid), []);
});

test('a dump whose pg_dump is killed is no dump', { skip: platform() !== 'linux' }, async (t) => {
  const server = await postgresServer(17);
  const { stream, finish } = await openDump(
    sourceOf(t, server, { databases: [await prepared(t, server, sampleSchema)] }),
    never,
  );
  const [pid] = await dumpsOf(process.pid);
  assert.ok(pid);
  process.kill(pid, 'SIGKILL');
  stream.resume();
  const { message, advice } = await failureOf(finish(), 'ToolFailed');
  assert.match(message, /^The dump of the database "\w+" failed: pg_dump was ended by SIGKILL/);
  assert.match(advice, /lack of memory/);
});

test('a program that has no password says so, and nothing of password files', async () => {
  const { binDir, ...server } = await postgresServer(17);
  const { password: _, ...connection } = connectionTo({ ...server, binDir });
  const request = {
    command: join(binDir, 'psql'),
    args: ['--no-password', '--command=SELECT'],
    ...libpqSettings(connection, 'postgres'),
    signal: never,
  };
  const { message } = await failureOf(captureProgram(request), 'ToolFailed');
  assert.match(message, /no password supplied/);
  assert.doesNotMatch(message, /password file/);
});

test('a dump whose sessions the server ends is tried again', async (t) => {
  const server = await postgresServer(17);
  const database = await prepared(t, server, sampleSchema);
  const { stream, finish } = await openDump(sourceOf(t, server, { databases: [database] }), never);
  await execute(
    connectionTo(server),
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
  );
  stream.resume();
  await failureOf(finish(), 'SourceUnreachable');
});

test('a dump that waits for a lock too long is tried again', async (t) => {
  const server = await postgresServer(17);
  const database = await prepared(t, server, 'CREATE TABLE item ()');
  const holder = await PostgresSession.open(connectionTo(server), database, never);
  t.after(() => holder.close());
  await holder.run('BEGIN; LOCK TABLE public.item');
  const source = sourceOf(t, server, { databases: [database], lockTimeoutMs: 100 });
  const { message } = await failureOf(collect(source, never), 'Stalled');
  assert.match(message, /canceling statement due to (lock|statement) timeout/);
});

test('time-outs that a database sets do not cut a table that is read slowly', async (t) => {
  const server = await postgresServer(17);
  const database = await prepared(
    t,
    server,
    'CREATE TABLE long AS SELECT repeat(md5(g::text), 300) AS text FROM generate_series(1, 4000) AS g',
  );
  for (const name of ['statement', 'lock', 'idle_in_transaction_session', 'transaction']) {
    await execute(connectionTo(server), `ALTER DATABASE "${database}" SET ${name}_timeout = '1s'`);
  }
  const { stream, finish } = await openDump(sourceOf(t, server, { databases: [database] }), never);
  const isOld = `SELECT min(clock_timestamp() - query_start) > interval '2 s' FROM pg_stat_activity
    WHERE datname = '${database}' AND query LIKE 'COPY %'`;
  while ((await column(connectionTo(server), isOld))[0] !== 'true');
  stream.resume();
  const { manifest } = await finish();
  assert.equal(manifest.databases[0]?.tables[0]?.rows, '4000');
});

test('rows that change during the dump are in it as one moment saw them', async (t) => {
  const server = await postgresServer(17);
  const database = await prepared(
    t,
    server,
    `CREATE TABLE account (id int PRIMARY KEY, balance int); CREATE TABLE filler AS
       SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 5000) g;
     INSERT INTO account SELECT g, 100 FROM generate_series(1, 1000) g`,
  );
  const { stream, finish } = await openDump(sourceOf(t, server, { databases: [database] }), never);
  await execute(
    connectionTo(server, database),
    'UPDATE account SET balance = 0; DELETE FROM account WHERE id > 500',
  );
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { manifest, rest } = await finish();
  chunks.push(rest);
  const account = manifest.databases[0]?.tables.find(({ name }) => name === 'account');
  assert.equal(account?.rows, '1000');
  assert.equal(
    Buffer.concat(chunks)
      .toString('latin1')
      .match(/\d+\t100\n/g)?.length,
    1000,
  );
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 1;
}
