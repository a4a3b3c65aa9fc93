import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Failure } from '../../../contracts/failures.ts';
import type { BlobReader } from '../../../repository/blobs.ts';
import type { SnapshotWork } from '../../../restore/database-restorer.ts';
import { PostgresSession } from '../../../sources/postgres/session.ts';
import { failureOf } from '../../failure-of.ts';
import { postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { column, connectionTo, execute, never, sampleSchema } from '../../sources/postgres/sample.ts';
import {
  type Backup,
  backUp,
  databasesOf,
  onlyDatabase,
  planned,
  prepared,
  restoreBeside,
  restoreInPlace,
  targetOf,
} from './round-trip.ts';

const small = `CREATE TABLE item (id int PRIMARY KEY, word text);
  INSERT INTO item SELECT g, md5(g::text) FROM generate_series(1, 20000) g`;

/** A reader for which the blobs of the rows are damaged. */
function withoutLargeBlobs(reader: BlobReader): BlobReader {
  return {
    hasBlob: (type, id) => reader.hasBlob(type, id),
    blobSize: (type, id) => reader.blobSize(type, id),
    loadBlob: async (type, id, signal) => {
      const blob = await reader.loadBlob(type, id, signal);
      if (blob.length > 300_000) throw new Failure('RepositoryDamaged', 'Blob 12 is damaged');
      return blob;
    },
  };
}

async function smallBackup(t: TestContext, server: SharedPostgres): Promise<Backup> {
  return await backUp(t, server, await prepared(t, server, small));
}

for (const major of [15, 17, 18] as const) {
  test(`a restored database of PostgreSQL ${major} is equal in every check`, async (t) => {
    const server = await postgresServer(major);
    const restoring = await planned(
      t,
      server,
      await backUp(t, server, await prepared(t, server, sampleSchema)),
    );
    const { checks, warnings } = await restoreInPlace(restoring);
    assert.deepEqual(warnings, []);
    const lines = checks.map(({ subject, detail }) => `${subject}: ${detail}`);
    assert.ok(lines.includes('shop.customer: 2000 rows, content equal'), lines.join('\n'));
    assert.ok(lines.includes('"od d\\"ity"."ta\'ble\\nwith a line": 4 rows, content equal'));
    assert.ok(lines.includes('large objects: 3 with 9588608 bytes, content equal'));
    assert.ok(lines.includes('sequences: 3 equal'));
    assert.deepEqual(await databasesOf(server, restoring), [targetOf(restoring)]);
  });
}

test('a backup of PostgreSQL 15 restores into PostgreSQL 18', async (t) => {
  const [old, current] = [await postgresServer(15), await postgresServer(18)];
  const backup = await backUp(t, old, await prepared(t, old, sampleSchema));
  assert.deepEqual((await restoreInPlace(await planned(t, current, backup))).warnings, []);
});

test('the plan of a restore into an older PostgreSQL tells what is in the way', async (t) => {
  const [old, current] = [await postgresServer(15), await postgresServer(17)];
  const backup = await backUp(t, current, await prepared(t, current, small));
  const { blockers } = (await planned(t, old, backup)).plan;
  assert.match(
    blockers[0] ?? '',
    /^PostgreSQL 15\.\d+ at 127\.0\.0\.1:\d+ is older than version 17, from which .* Restore to PostgreSQL 17 or newer\.$/,
  );
});

test('the plan of a restore by a user who may not create databases tells so', async (t) => {
  const server = await postgresServer(17);
  const backup = await smallBackup(t, server);
  const role = `restorer_${process.pid}`;
  await execute(connectionTo(server), `CREATE ROLE ${role} LOGIN PASSWORD '${server.password.reveal()}'`);
  t.after(() => execute(connectionTo(server), `DROP ROLE ${role}`));
  const { blockers, warnings } = (await planned(t, server, backup, { user: role })).plan;
  assert.match(blockers.join('\n'), /^The user restorer_\d+ may not create databases in PostgreSQL 17/m);
  // Roles that are there are not called missing.
  assert.match(
    warnings[0]?.message ?? '',
    /^All objects .*, because the user of the restore may not act as postgres$/,
  );
});

test('a database is replaced while somebody uses it, and put back by a roll-back', async (t) => {
  const server = await postgresServer(17);
  const backup = await smallBackup(t, server);
  const target = await prepared(t, server, 'CREATE TABLE precious ()');
  const restoring = await planned(t, server, backup, { target });
  const { restorer, plan, work } = restoring;
  const { replaced = '' } = onlyDatabase(plan);
  const user = await PostgresSession.open(connectionTo(server), target, never);
  t.after(() => user.close());
  await restoreInPlace(restoring);
  assert.ok(user.lost.aborted, 'the session in what was replaced is ended');
  const tables = (name: string): Promise<readonly string[]> =>
    column(connectionTo(server, name), "SELECT relname FROM pg_class WHERE relname IN ('precious', 'item')");
  assert.deepEqual([await tables(target), await tables(replaced)], [['item'], ['precious']]);

  await restorer.swap(plan, work);
  assert.deepEqual(await tables(target), ['item'], 'another swap changes nothing');

  await restorer.rollBack(plan, work);
  assert.deepEqual(await tables(target), ['precious']);
  await restorer.rollBack(plan, work);
  assert.deepEqual(await tables(target), ['precious'], 'another roll-back changes nothing');
  await restorer.discard(plan, work);
  assert.deepEqual(await databasesOf(server, restoring), [target], 'what was restored is dropped');
});

test('what was replaced is dropped when its time is over, and then cannot be put back', async (t) => {
  const server = await postgresServer(17);
  const target = await prepared(t, server, 'CREATE TABLE precious ()');
  const restoring = await planned(t, server, await smallBackup(t, server), { target });
  const { restorer, plan, work } = restoring;
  await restoreInPlace(restoring);
  await restorer.dropReplaced(plan, work);
  await restorer.dropReplaced(plan, work);
  assert.deepEqual(await databasesOf(server, restoring), [target]);
  const { message } = await failureOf(restorer.rollBack(plan, work), 'TargetConflict');
  assert.match(message, /^The database "\w+" that was to be put back is gone$/);
});

test('a database that is made while the restore is under way is not replaced', async (t) => {
  const server = await postgresServer(17);
  const restoring = await planned(t, server, await smallBackup(t, server));
  await restoreBeside(restoring);
  await execute(connectionTo(server), `CREATE DATABASE ${targetOf(restoring)}`);
  const { restorer, plan, work } = restoring;
  await failureOf(restorer.swap(plan, work), 'TargetConflict');
  await restorer.discard(plan, work);
  assert.deepEqual(await databasesOf(server, restoring), [targetOf(restoring)]);
});

test('several databases are put in place all or none', async (t) => {
  const server = await postgresServer(17);
  const names = [await prepared(t, server, small), await prepared(t, server, 'CREATE TABLE a ()')];
  const backup = await backUp(t, server, names);
  const restoring = await planned(t, server, backup);
  await restoreBeside(restoring);
  const [first, second] = restoring.plan.databases;
  assert.ok(first && second);
  await execute(connectionTo(server), `CREATE DATABASE "${second.target}"`);
  await failureOf(restoring.restorer.swap(restoring.plan, restoring.work), 'TargetConflict');
  assert.ok(!(await databasesOf(server, restoring)).includes(first.target));
});

test('a dump that cannot be read to its end fails the load, and leaves no database after the discard', async (t) => {
  const server = await postgresServer(17);
  const restoring = await planned(t, server, await smallBackup(t, server));
  const { restorer, plan, work } = restoring;
  const database = onlyDatabase(plan);
  await restorer.prepare(database, plan, work);
  await restorer.load({ database, section: 'pre-data' }, plan, work);
  const broken: SnapshotWork = { ...work, reader: withoutLargeBlobs(work.reader) };
  const { message } = await failureOf(
    restorer.load({ database, section: 'data' }, plan, broken),
    'RepositoryDamaged',
  );
  assert.equal(message, 'Blob 12 is damaged');
  await restorer.load({ database, section: 'data' }, plan, work);
  const rows = await column(connectionTo(server, database.beside), 'SELECT count(*) FROM public.item');
  assert.deepEqual(rows, ['20000'], 'another attempt loads what was missing, once');
  await restorer.discard(plan, work);
  assert.deepEqual(await databasesOf(server, restoring), []);
});

test('another attempt starts a half-made database again', async (t) => {
  const server = await postgresServer(17);
  const restoring = await planned(t, server, await smallBackup(t, server));
  const { beside } = onlyDatabase(restoring.plan);
  await execute(connectionTo(server), `CREATE DATABASE ${beside}`);
  await execute(connectionTo(server, beside), 'CREATE TABLE item (half int)');
  await restoreInPlace(restoring);
  assert.deepEqual(await databasesOf(server, restoring), [targetOf(restoring)]);
});

test('a strange name is the name of the restored database', async (t) => {
  const server = await postgresServer(17);
  const backup = await smallBackup(t, server);
  for (const name of ["-f it's", 'a"b=c host=evil', 'postgresql://x', 'tab\t\nline', '$(id)`id`\\']) {
    const restoring = await planned(t, server, backup, { target: `${name} ${process.pid}` });
    await restoreInPlace(restoring);
    assert.deepEqual(await databasesOf(server, restoring), [`${name} ${process.pid}`]);
    const rows = await column(connectionTo(server, targetOf(restoring)), 'SELECT count(*) FROM public.item');
    assert.deepEqual(rows, ['20000']);
  }
});
