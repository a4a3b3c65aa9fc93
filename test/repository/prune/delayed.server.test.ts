import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkRepository } from '../../../repository/check/check.ts';
import { rebuildIndex } from '../../../repository/rebuild-index.ts';
import { createFilesSource } from '../../../sources/files/source.ts';
import { backUpEntries, backUpFiles } from '../back-up.ts';
import { Restic } from '../interop/restic.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, snapshotOf, type TestRepository, testRepository } from '../test-repository.ts';
import { agedRepository, assertSnapshotsWhole } from './aged-repository.ts';
import { pruneAll } from './prune-all.ts';

const hourMs = 3_600_000;

async function packNames({ store }: Pick<TestRepository, 'store'>): Promise<readonly string[]> {
  return (await Array.fromAsync(store.list('data'))).map(({ name }) => name).toSorted();
}

test('a prune with a delay marks what is not needed, and one after the delay removes it', async (t) => {
  const aged = await agedRepository(t);
  const restic = await Restic.of('0.19.1', aged.folder);
  const nowMs = Date.now();
  const before = await packNames(aged);
  const first = await pruneAll(await aged.reopen(), { deleteDelayMs: hourMs, nowMs });
  assert.equal(first.packsRemoved, 0);
  assert.ok(first.packsMarked > 5, 'what is in no index is marked, too');
  const between = await packNames(aged);
  assert.ok(before.every((name) => between.includes(name)));
  await restic.run('check', '--read-data');
  assert.deepEqual(await assertSnapshotsWhole(t, aged), [
    `${first.packsMarked} packs are marked by a prune; a later one removes what is still not needed.`,
  ]);

  const early = await pruneAll(await aged.reopen(), { deleteDelayMs: hourMs, nowMs: nowMs + hourMs - 1 });
  assert.deepEqual({ ...early, indexFilesRemoved: 0 }, { ...early, packsRemoved: 0, packsMarked: 0 });
  const late = await pruneAll(await aged.reopen(), { deleteDelayMs: hourMs, nowMs: nowMs + hourMs });
  assert.equal(late.packsRemoved, first.packsMarked);
  assert.deepEqual(await assertSnapshotsWhole(t, aged), []);
  await restic.run('check', '--read-data');
});

/** What a run has stored and not committed yet, with files that only a forgotten snapshot had. */
async function uncommitted(t: TestContext) {
  const made = await testRepository(t);
  const source = await temporaryFolder(t);
  await writeFile(join(source, 'old'), randomBytes(100_000));
  const { snapshot } = await backUpFiles(made.repository, { paths: [source] });
  await writeFile(join(source, 'new'), randomBytes(100_000));
  const backupStart = new Date().toISOString();
  const roots = createFilesSource({ paths: [source] }).capture({ signal: noSignal, warn: () => {} });
  const { tree } = await backUpEntries(made.repository, roots);
  await made.store.remove({ type: 'snapshot', name: snapshot });
  return { ...made, draft: snapshotOf(tree, { backupStart }) };
}

test('what a run stores before a prune and commits after it is taken back, whole', async (t) => {
  const { draft, folder, reopen } = await uncommitted(t);
  const { packsMarked } = await pruneAll(await reopen(), { deleteDelayMs: hourMs });
  assert.ok(packsMarked > 0);
  const committing = await reopen();
  assert.ok(!committing.hasBlob('tree', draft.tree), 'it is gone from the index');
  await committing.commitSnapshot(draft);
  await (await Restic.of('0.19.1', folder)).run('check', '--read-data');

  await pruneAll(await reopen(), { deleteDelayMs: hourMs, nowMs: Date.now() + 2 * hourMs });
  const repository = await reopen();
  const { damages, notes } = await checkRepository(repository, { readDataPercent: 100, signal: noSignal });
  assert.deepEqual({ damages, notes }, { damages: [], notes: [] });
});

test('without a delay such a commit is refused, and nothing is lost silently', async (t) => {
  const { draft, reopen } = await uncommitted(t);
  await pruneAll(await reopen());
  await assert.rejects((await reopen()).commitSnapshot(draft), { name: 'RepositoryDamaged' });
});

test('content that a prune has marked is taken back though the folder of it stayed', async (t) => {
  const { draft, folder, reopen } = await uncommitted(t);
  // Nothing is packed anew, so that packs with trees can stay whose data goes.
  await pruneAll(await reopen(), { deleteDelayMs: hourMs, maxRepackBytes: 0 });
  await (await reopen()).commitSnapshot(draft);
  await (await Restic.of('0.19.1', folder)).run('check', '--read-data');
});

test('a snapshot that was forgotten by mistake can be put back until the delay is over', async (t) => {
  const aged = await agedRepository(t);
  const [[snapshot = ''] = []] = aged.kept;
  const path = join(aged.folder, 'snapshots', snapshot);
  const saved = `${aged.folder}-saved`;
  await rename(path, saved);
  const nowMs = Date.now();
  await pruneAll(await aged.reopen(), { deleteDelayMs: hourMs, nowMs });
  await rename(saved, path);
  await pruneAll(await aged.reopen(), { deleteDelayMs: hourMs, nowMs: nowMs + 2 * hourMs });
  await assertSnapshotsWhole(t, aged);
});

test('marks outlive a rebuilt index, are not adopted, and restic removes the packs at once', async (t) => {
  const aged = await agedRepository(t);
  const { packsMarked } = await pruneAll(await aged.reopen(), { deleteDelayMs: hourMs });
  const count = (await packNames(aged)).length;
  await rebuildIndex(await aged.reopen(), { signal: noSignal });
  const writer = await (await aged.reopen()).openWriter({ adoptUnindexed: true });
  assert.equal(writer.adoptedPacks, 0);
  await writer.abort();
  assert.match(String(await assertSnapshotsWhole(t, aged)), new RegExp(`^${packsMarked} packs are marked`));
  await (await Restic.of('0.19.1', aged.folder)).run('prune', '--max-unused', 'unlimited');
  assert.ok((await packNames(aged)).length <= count - packsMarked);
  assert.deepEqual(await assertSnapshotsWhole(t, aged), []);
});
