import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { decodeSnapshot, encodeSnapshot, type NewSnapshot } from '../../repository/snapshot.ts';
import { snapshotOf, testRepository } from './test-repository.ts';

const fullSnapshot: NewSnapshot = {
  time: '2026-11-21T10:00:00.123456789+01:00',
  parent: 'bb'.repeat(32),
  tree: 'aa'.repeat(32),
  paths: ['/srv', '/etc'],
  hostname: 'host',
  username: 'user',
  uid: 1000,
  gid: 100,
  excludes: ['*.tmp'],
  tags: ['source:files', 'run:1'],
  original: 'cc'.repeat(32),
  programVersion: 'resguardo 0.1.0',
  backupStart: '2026-11-21T10:00:00Z',
  backupEnd: '2026-11-21T10:01:00Z',
  summary: {
    filesNew: 1,
    filesChanged: 2,
    filesUnmodified: 3,
    dirsNew: 4,
    dirsChanged: 5,
    dirsUnmodified: 6,
    dataBlobs: 7,
    treeBlobs: 8,
    dataAdded: 9,
    dataAddedPacked: 10,
    totalFilesProcessed: 11,
    totalBytesProcessed: 2 ** 40,
  },
};

test('a snapshot is read as it was written', () => {
  const id = 'dd'.repeat(32);
  assert.deepEqual(decodeSnapshot(id, encodeSnapshot(fullSnapshot)), { id, ...fullSnapshot });
  const small = snapshotOf('aa'.repeat(32));
  assert.deepEqual(decodeSnapshot(id, encodeSnapshot(small)), { id, ...small });
});

test("a snapshot is written in restic's names and order", () => {
  assert.equal(
    encodeSnapshot(fullSnapshot).toString(),
    `{"time":"2026-11-21T10:00:00.123456789+01:00","parent":"${'bb'.repeat(32)}","tree":"${'aa'.repeat(32)}",` +
      '"paths":["/srv","/etc"],"hostname":"host","username":"user","uid":1000,"gid":100,"excludes":["*.tmp"],' +
      `"tags":["source:files","run:1"],"original":"${'cc'.repeat(32)}","program_version":"resguardo 0.1.0",` +
      '"summary":{"backup_start":"2026-11-21T10:00:00Z","backup_end":"2026-11-21T10:01:00Z","files_new":1,' +
      '"files_changed":2,"files_unmodified":3,"dirs_new":4,"dirs_changed":5,"dirs_unmodified":6,"data_blobs":7,' +
      '"tree_blobs":8,"data_added":9,"data_added_packed":10,"total_files_processed":11,' +
      '"total_bytes_processed":1099511627776}}',
  );
});

test('what is no snapshot is not taken for one', () => {
  const whole = JSON.parse(encodeSnapshot(fullSnapshot).toString());
  for (const change of [
    { time: 'yesterday' },
    { tree: 'abc' },
    { paths: [1] },
    { tags: 'x' },
    { tree: null },
  ]) {
    const json = Buffer.from(JSON.stringify({ ...whole, ...change }));
    assert.equal(decodeSnapshot('dd'.repeat(32), json), undefined, JSON.stringify(change));
  }
});

test('a snapshot that is committed again, also by another process, is stored once', async (t) => {
  const { repository, reopen, folder, tree } = await repositoryWithTree(t);
  const first = await repository.commitSnapshot(snapshotOf(tree));
  const others = await Promise.all([reopen(), reopen(), reopen()]);
  const again = await Promise.all(others.map((other) => other.commitSnapshot(snapshotOf(tree))));
  assert.deepEqual(again, [first, first, first]);
  assert.deepEqual(await readdir(join(folder, 'snapshots')), [first]);
});

test('another snapshot of the same tree is another file', async (t) => {
  const { repository, tree } = await repositoryWithTree(t);
  const first = await repository.commitSnapshot(snapshotOf(tree));
  const second = await repository.commitSnapshot(snapshotOf(tree, { time: '2026-11-21T10:00:01Z' }));
  assert.notEqual(first, second);
});

test('a snapshot of a tree that is not stored is refused', async (t) => {
  const { repository, folder } = await repositoryWithTree(t);
  await assert.rejects(repository.commitSnapshot(snapshotOf('ab'.repeat(32))), (error) =>
    isFailure(error, 'RepositoryDamaged'),
  );
  assert.deepEqual(await readdir(join(folder, 'snapshots')), []);
});

test('a snapshot is found by the start of its id, by "latest" and by what it must have', async (t) => {
  const { repository, tree } = await repositoryWithTree(t);
  const commit = (time: string, source: string) =>
    repository.commitSnapshot(snapshotOf(tree, { time, tags: [`source:${source}`], paths: [`/${source}`] }));
  const oldA = await commit('2026-11-01T00:00:00Z', 'a');
  const newA = await commit('2026-11-03T00:00:00+02:00', 'a');
  const b = await commit('2026-11-02T23:00:00Z', 'b');
  const find = async (...request: Parameters<typeof repository.findSnapshot>) =>
    (await repository.findSnapshot(...request)).id;

  assert.equal(await find('latest'), b, 'time zones are understood');
  assert.equal(await find('latest', { source: 'a' }), newA);
  assert.equal(
    await find('latest', { paths: ['/b'], tags: [['none'], ['source:b']], hosts: ['other', 'host'] }),
    b,
  );
  assert.equal(await find(oldA.slice(0, 8)), oldA);
  assert.equal(await find(oldA), oldA);
  const notFound = /There is no snapshot/;
  await assert.rejects(find('latest', { source: 'c' }), { name: 'SnapshotNotFound', message: notFound });
  await assert.rejects(find('latest', { hosts: ['other'] }), { name: 'SnapshotNotFound', message: notFound });
  await assert.rejects(find(b, { source: 'a' }), { name: 'SnapshotNotFound', message: notFound });
  await assert.rejects(find(''), { name: 'SnapshotNotFound', message: /ambiguous/ });
});

async function repositoryWithTree(t: TestContext) {
  const made = await testRepository(t);
  const writer = await made.repository.openWriter();
  const { id: tree } = await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
  await writer.finish();
  return { ...made, tree };
}
