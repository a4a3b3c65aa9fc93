import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { resticLockTiming } from '../../../repository/lock/lock.ts';
import { planPrune } from '../../../repository/prune/plan.ts';
import { Repository } from '../../../repository/repository.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { noSignal, testPassword } from '../test-repository.ts';
import { type AgedRepository, agedRepository, assertSnapshotsWhole } from './aged-repository.ts';
import { pruneAll } from './prune-all.ts';

test('a prune leaves one copy of each blob that snapshots need, and nothing else', async (t) => {
  const aged = await agedRepository(t);
  const bytesBefore = totalBytes(aged);
  const { packsWritten, packsRemoved } = await pruneAll(await aged.reopen());
  assert.ok(packsWritten > 0 && packsRemoved > packsWritten);
  assert.deepEqual(await assertSnapshotsWhole(t, aged), []);
  const repository = await aged.reopen();
  const { statistics, needed } = await planPrune(repository, { ...unlimited, signal: noSignal });
  const { blobs } = statistics;
  assert.deepEqual([blobs.unused, blobs.duplicate], [0, 0]);
  assert.deepEqual([blobs.used, repository.index.blobCount], [needed.size, needed.size]);
  assert.ok(totalBytes(aged) < bytesBefore);
});

test('a plan changes nothing, and its numbers are those of the prune', async (t) => {
  const aged = await agedRepository(t);
  const before = filesOf(aged);
  const repository = await aged.reopen();
  const plan = await planPrune(repository, { ...toTheLastByte, signal: noSignal });
  assert.deepEqual(filesOf(aged), before);
  const { packs, bytes } = plan.statistics;
  assert.deepEqual([packs.unindexed, packs.missing], [1, 0]);
  assert.equal(packs.used + packs.partlyUsed + packs.unused, repository.index.packCount);
  assert.equal(packs.keep + packs.repack + packs.remove, repository.index.packCount);
  assert.equal(bytes.remainingUnused, 0);
  const { packsRemoved } = await pruneAll(repository);
  assert.equal(packsRemoved, packs.remove + packs.repack + packs.unindexed);
});

test('unused bytes may stay up to a limit, but no tree that has lost its content', async (t) => {
  const aged = await agedRepository(t);
  await pruneAll(await aged.reopen(), { maxUnusedBytes: () => Number.POSITIVE_INFINITY, maxRepackBytes: 1 });
  await assertSnapshotsWhole(t, aged);
  const repository = await aged.reopen();
  const { statistics, needed } = await planPrune(repository, { ...unlimited, signal: noSignal });
  assert.ok(statistics.bytes.unused > 0, 'data that nobody needs stays in packs that are needed');
  assert.equal(statistics.packs.unused, 0);
  for (const { type, id } of repository.index.blobs()) {
    if (type === 'tree') assert.ok(needed.has(type, id));
  }
});

test('with nothing to be packed anew a prune removes whole packs alone', async (t) => {
  const aged = await agedRepository(t);
  const { packsWritten, packsRemoved } = await pruneAll(await aged.reopen(), { maxRepackBytes: 0 });
  assert.equal(packsWritten, 0);
  assert.ok(packsRemoved > 1);
  await assertSnapshotsWhole(t, aged);
});

test('a plan for snapshots that are to go counts what they alone need as unused', async (t) => {
  const aged = await agedRepository(t);
  const repository = await aged.reopen();
  const ignoreSnapshots = new Set(aged.kept.keys());
  const { statistics } = await planPrune(repository, { ...toTheLastByte, ignoreSnapshots, signal: noSignal });
  assert.deepEqual([statistics.blobs.used, statistics.packs.remove], [0, repository.index.packCount]);
});

test('a prune refuses, and removes nothing, when an index file is missing', async (t) => {
  const aged = await agedRepository(t);
  for (const name of readdirSync(join(aged.folder, 'index')).slice(0, 3)) {
    rmSync(join(aged.folder, 'index', name));
  }
  await assertRefused(aged, /Nothing was removed|No index names the tree/);
});

for (const [damage, spoil, message] of [
  ['is missing', rmSync, /blobs? that snapshots need (is|are) in no pack/],
  ['is cut short', (path: string) => truncateSync(path, 2000), /has 2000 bytes where the index says/],
] as const) {
  test(`a prune refuses, and removes nothing, when a pack ${damage}`, async (t) => {
    const aged = await agedRepository(t);
    spoil(await neededPack(aged));
    await assertRefused(aged, message);
  });
}

test('a prune that finds a damaged blob while it packs anew removes no pack that an index names', async (t) => {
  const aged = await agedRepository(t);
  const indexed = await indexedPacks(aged);
  const path = await repackedPack(aged);
  const bytes = readFileSync(path);
  for (let offset = 100; offset < bytes.length - 3000; offset += 500)
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
  await assert.rejects(pruneAll(await aged.reopen()), (error) => {
    assert.ok(isFailure(error, 'RepositoryDamaged'));
    return /blob .* in pack .* is damaged/.test(error.message);
  });
  const stored = new Set(packsOf(aged));
  for (const pack of indexed) assert.ok(stored.has(pack));
});

test('a prune that is cancelled in the middle leaves all snapshots whole', async (t) => {
  const aged = await agedRepository(t);
  for (const stopAt of ['after pack put', 'before index remove', 'after index remove']) {
    const stop = new AbortController();
    const failpoint = (name: string): void => {
      if (name === stopAt) stop.abort(new Error('stop'));
    };
    await assert.rejects(pruneAll(await aged.reopen(), { failpoint, signal: stop.signal }), /stop/);
    await assertSnapshotsWhole(t, aged);
  }
  await pruneAll(await aged.reopen());
  assert.deepEqual(await assertSnapshotsWhole(t, aged), []);
});

test('a prune that has lost its lock stops before its next removal', async (t) => {
  const aged = await agedRepository(t);
  const indexed = await indexedPacks(aged);
  const clock = { now: Date.now() };
  const lockTiming = { ...resticLockTiming, settleMs: 1, pollEveryMs: 3_600_000, now: () => clock.now };
  const repository = await Repository.open(openLocalStore(aged.folder), testPassword, { lockTiming });
  const failpoint = (name: string): void => {
    if (name !== 'before index remove') return;
    clock.now += 3_600_000;
    rmSync(join(aged.folder, 'locks'), { recursive: true });
    mkdirSync(join(aged.folder, 'locks'));
  };
  await assert.rejects(pruneAll(repository, { failpoint }), (error) => isFailure(error, 'RepositoryLocked'));
  const stored = new Set(packsOf(aged));
  for (const pack of indexed) assert.ok(stored.has(pack));
  await assertSnapshotsWhole(t, aged);
  await repository.close();
});

const unlimited = { maxUnusedBytes: () => Number.POSITIVE_INFINITY, maxRepackBytes: 0 };
const toTheLastByte = {
  maxUnusedBytes: () => 0,
  maxRepackBytes: Number.POSITIVE_INFINITY,
  packSizeBytes: 64 * 1024,
};

async function assertRefused(aged: AgedRepository, message: RegExp): Promise<void> {
  const before = filesOf(aged);
  await assert.rejects(pruneAll(await aged.reopen()), (error) => {
    assert.ok(isFailure(error, 'RepositoryDamaged'));
    return message.test(error.message);
  });
  assert.deepEqual(filesOf(aged), before);
}

/** A pack of which something is needed that lies in no other. */
async function neededPack(aged: AgedRepository): Promise<string> {
  const repository = await aged.reopen();
  const { needed } = await planPrune(repository, { ...unlimited, signal: noSignal });
  for (const { type, id, pack } of repository.index.blobs()) {
    const isAlone = repository.index.locate(type, id).length === 1;
    if (type === 'data' && needed.has(type, id) && isAlone) return packPath(aged, pack);
  }
  throw new Error('No pack is needed');
}

/** A pack of data that is packed anew. */
async function repackedPack(aged: AgedRepository): Promise<string> {
  const repository = await aged.reopen();
  const { repack, needed } = await planPrune(repository, { ...toTheLastByte, signal: noSignal });
  for (const { type, id, pack } of repository.index.blobs()) {
    if (type === 'data' && repack.has(pack) && needed.has(type, id)) return packPath(aged, pack);
  }
  throw new Error('No pack is packed anew');
}

async function indexedPacks(aged: AgedRepository): Promise<readonly string[]> {
  return [...(await aged.reopen()).index.packs()];
}

function packPath({ folder }: AgedRepository, pack: string): string {
  return join(folder, 'data', pack.slice(0, 2), pack);
}

function packsOf(aged: AgedRepository): readonly string[] {
  return filesOf(aged)
    .filter((path) => /^data.*[0-9a-f]{64}$/.test(path))
    .map((path) => path.slice(-64));
}

/** Names of all files but locks. */
function filesOf({ folder }: AgedRepository): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('locks'))
    .sort();
}

function totalBytes(aged: AgedRepository): number {
  return packsOf(aged).reduce((sum, pack) => sum + readFileSync(packPath(aged, pack)).length, 0);
}
