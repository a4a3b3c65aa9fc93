import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../contracts/failures.ts';
import { compareDatabase } from '../../../restore/postgres/compare.ts';
import { unfinishedName } from '../../../restore/postgres/new-database.ts';
import { restoreDatabase } from '../../../restore/postgres/restore.ts';
import { failureOf } from '../../failure-of.ts';
import { createDatabase, postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { column, connectionTo, execute, sampleSchema } from '../../sources/postgres/sample.ts';
import { type Backup, backUp, databasesOf, inPieces, prepared, requestFor } from './round-trip.ts';

const small = `CREATE TABLE item (id int PRIMARY KEY, word text);
  INSERT INTO item SELECT g, md5(g::text) FROM generate_series(1, 20000) g`;

let smallBackup: Promise<Backup> | undefined;

/** One backup for all tests that need just any. */
async function anyBackup(server: SharedPostgres): Promise<Backup> {
  smallBackup ??= createDatabase(server).then(async (database) => {
    await execute(connectionTo(server, database.name), small);
    try {
      return await backUp(server, database.name);
    } finally {
      await database.drop();
    }
  });
  return smallBackup;
}

for (const major of [15, 17, 18] as const) {
  test(`a restored database of PostgreSQL ${major} is equal in every check`, async (t) => {
    const server = await postgresServer(major);
    const backup = await backUp(server, await prepared(t, server, sampleSchema));
    const request = requestFor(t, server, backup);
    let seen = 0;
    const onBytes = (bytes: number): void => {
      seen += bytes;
    };
    const restored = await restoreDatabase({ ...request, onBytes });
    assert.deepEqual(restored, { bytes: backup.dump.length, warnings: [] });
    assert.equal(seen, backup.dump.length);
    const checks = await compareDatabase(request);
    assert.deepEqual(
      checks.filter(({ passed }) => !passed),
      [],
    );
    const lines = checks.map(({ subject, detail }) => `${subject}: ${detail}`);
    assert.ok(lines.includes('shop.customer: 2000 rows, content equal'), lines.join('\n'));
    assert.ok(lines.includes('"od d\\"ity"."ta\'ble\\nwith a line": 4 rows, content equal'));
    assert.ok(lines.includes('large objects: 3 with 9588608 bytes, content equal'));
    assert.ok(lines.includes('sequences: 3 equal'));
  });
}

test('a backup of PostgreSQL 15 restores into PostgreSQL 18', async (t) => {
  const [old, current] = [await postgresServer(15), await postgresServer(18)];
  const backup = await backUp(old, await prepared(t, old, sampleSchema));
  const request = { ...requestFor(t, current, backup), sourceMajor: 15 };
  assert.deepEqual((await restoreDatabase(request)).warnings, []);
  const checks = await compareDatabase(request);
  assert.deepEqual(
    checks.filter(({ passed }) => !passed),
    [],
  );
});

test('a backup does not restore into an older PostgreSQL', async (t) => {
  const [old, current] = [await postgresServer(15), await postgresServer(17)];
  const backup = await backUp(current, await prepared(t, current, small));
  const request = { ...requestFor(t, old, backup), sourceMajor: 17 };
  const { message, advice } = await failureOf(restoreDatabase(request), 'SourceUnsupported');
  assert.match(message, /^PostgreSQL 15\.\d+ at 127\.0\.0\.1:\d+ is older than version 17, from which/);
  assert.equal(advice, 'Restore to PostgreSQL 17 or newer.');
  assert.deepEqual(await databasesOf(old, request), []);
});

test('a database that exists is never overwritten', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  const target = await prepared(t, server, 'CREATE TABLE precious ()');
  const { message } = await failureOf(
    restoreDatabase({ ...requestFor(t, server, backup), target }),
    'TargetConflict',
  );
  assert.equal(message, `The database "${target}" exists: a restore never overwrites one`);
  assert.deepEqual(
    await column(
      connectionTo(server, target),
      "SELECT relname FROM pg_class WHERE relname IN ('precious', 'item')",
    ),
    ['precious'],
  );
});

test('a dump that cannot be read to its end leaves no database behind', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  async function* broken() {
    yield backup.dump.subarray(0, 500_000);
    throw new Failure('RepositoryDamaged', 'Blob 12 is damaged');
  }
  const request = { ...requestFor(t, server, backup), dump: broken() };
  const { message } = await failureOf(restoreDatabase(request), 'RepositoryDamaged');
  assert.equal(message, 'Blob 12 is damaged');
  assert.deepEqual(await databasesOf(server, request), []);
});

test('a dump that is cut leaves no database behind', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  const request = { ...requestFor(t, server, backup), dump: inPieces(backup.dump.subarray(0, -1000)) };
  const { message } = await failureOf(restoreDatabase(request), 'ToolFailed');
  assert.match(
    message,
    /^The restore of the database "\w+" failed: pg_restore failed with exit status 1: .*end of file/,
  );
  assert.deepEqual(await databasesOf(server, request), []);
});

test('a cancelled restore leaves no database behind', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  const stop = new AbortController();
  async function* slow() {
    yield backup.dump.subarray(0, 500_000);
    stop.abort(new Failure('Cancelled', 'Stopped by a person'));
    yield backup.dump.subarray(500_000);
  }
  const request = { ...requestFor(t, server, backup), dump: slow(), signal: stop.signal };
  await failureOf(restoreDatabase(request), 'Cancelled');
  assert.deepEqual(await databasesOf(server, request), []);
});

test('another attempt of a run starts its half-made database again', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  const request = requestFor(t, server, backup);
  const left = unfinishedName(request);
  await execute(connectionTo(server), `CREATE DATABASE ${left}`);
  await execute(connectionTo(server, left), 'CREATE TABLE item (half int)');
  await restoreDatabase(request);
  assert.deepEqual(await databasesOf(server, request), [request.target]);
  assert.deepEqual(
    (await compareDatabase(request)).filter(({ passed }) => !passed),
    [],
  );
});

test('another attempt of a run takes a finished database for done, another run does not', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  const request = requestFor(t, server, backup);
  await restoreDatabase(request);
  await execute(connectionTo(server, request.target), 'CREATE TABLE since_then ()');
  const again = await restoreDatabase({ ...request, dump: inPieces(Buffer.from('not read')) });
  assert.equal(again.bytes, backup.dump.length);
  const stillThere = await column(
    connectionTo(server, request.target),
    'SELECT count(*) FROM public.since_then',
  );
  assert.deepEqual(stillThere, ['0']);
  await failureOf(restoreDatabase({ ...request, runId: 'another' }), 'TargetConflict');
});

test('an extension that the target does not have is named before anything is made', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  const request = requestFor(t, server, backup);
  const extensions = [
    ...backup.manifest.extensions,
    { name: 'timescaledb', version: '2.1', schema: 'public' },
  ];
  const manifest = { ...backup.manifest, extensions };
  const { message, advice } = await failureOf(restoreDatabase({ ...request, manifest }), 'SourceUnsupported');
  assert.match(message, /lacks what the database "\w+" needs: the extension timescaledb$/);
  assert.equal(advice, 'Install the packages of timescaledb on the host of the target server.');
  assert.deepEqual(await databasesOf(server, request), []);
});

test('a user who may not create databases is told so', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  const request = requestFor(t, server, backup);
  const role = `${request.target}_user`;
  await execute(connectionTo(server), `CREATE ROLE ${role} LOGIN PASSWORD '${server.password.reveal()}'`);
  t.after(() => execute(connectionTo(server), `DROP ROLE ${role}`));
  const connection = { ...request.connection, user: role };
  const { message } = await failureOf(restoreDatabase({ ...request, connection }), 'TargetUnwritable');
  assert.match(message, /permission denied to create database/);
});

test('a strange name is the name of the restored database', async (t) => {
  const server = await postgresServer(17);
  const backup = await anyBackup(server);
  for (const name of ["-f it's", 'a"b=c host=evil', 'postgresql://x', 'tab\t\nline', '$(id)`id`\\']) {
    const request = {
      ...requestFor(t, server, backup),
      dump: inPieces(backup.dump),
      target: `${name} ${process.pid}`,
    };
    t.after(() => execute(connectionTo(server), `DROP DATABASE "${request.target.replaceAll('"', '""')}"`));
    await restoreDatabase(request);
    assert.deepEqual(await databasesOf(server, request), [request.target]);
    assert.deepEqual(await column(connectionTo(server, request.target), 'SELECT count(*) FROM public.item'), [
      '20000',
    ]);
  }
});
