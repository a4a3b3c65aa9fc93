import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Failure, isFailure } from '../../../contracts/failures.ts';
import { type CheckOptions, type CheckResult, checkRepository } from '../../../repository/check/check.ts';
import { rebuildIndex } from '../../../repository/rebuild-index.ts';
import type { Repository } from '../../../repository/repository.ts';
import { backUpFiles } from '../back-up.ts';
import { pruneAll } from '../prune/prune-all.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, snapshotOf, type TestRepository, testRepository } from '../test-repository.ts';

interface Filled extends TestRepository {
  /** Paths of the repository's own files. */
  readonly packs: (type: 'data' | 'tree') => readonly string[];
  readonly source: string;
  readonly snapshot: string;
}

/** A repository with one snapshot of three files. */
async function filled(t: TestContext): Promise<Filled> {
  const made = await testRepository(t);
  const source = await temporaryFolder(t);
  for (const name of ['a', 'b', 'c']) writeFileSync(`${source}/${name}`, randomBytes(5000));
  const { snapshot } = await backUpFiles(made.repository, { paths: [source] });
  const packs = (type: 'data' | 'tree'): readonly string[] =>
    [...made.repository.index.blobsByPack()]
      .filter(({ blobs }) => blobs[0]?.type === type)
      .map(({ id }) => `${made.folder}/data/${id.slice(0, 2)}/${id}`);
  return { ...made, packs, source, snapshot };
}

async function check(repository: Repository, more: Partial<CheckOptions> = {}): Promise<CheckResult> {
  return await checkRepository(repository, { readDataPercent: 0, signal: noSignal, ...more });
}

function first(paths: readonly string[]): string {
  const [path] = paths;
  assert.ok(path);
  return path;
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
}

test('a sound repository has no damage, and all of it was read', async (t) => {
  const { repository, packs, folder } = await filled(t);
  const result = await check(repository, { readDataPercent: 100 });
  assert.deepEqual(result.damages, []);
  assert.deepEqual(result.notes, []);
  assert.equal(result.snapshots, 1);
  assert.equal(result.packs, 2);
  const sizes = [...packs('data'), ...packs('tree')].map((path) => readFileSync(path).length);
  assert.equal(
    result.bytesRead,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  assert.ok(readdirSync(`${folder}/locks`).length === 0);
});

test('every flipped bit of a pack is found when data is read', async (t) => {
  const { repository, packs } = await filled(t);
  for (const pack of [...packs('data'), ...packs('tree')]) {
    const bytes = readFileSync(pack);
    for (const offset of [0, 15, 16, Math.floor(bytes.length / 2), bytes.length - 40, bytes.length - 1]) {
      flip(pack, offset);
      const { damageCount } = await check(repository, { readDataPercent: 100 });
      assert.ok(damageCount > 0, `byte ${offset} of ${bytes.length}`);
      flip(pack, offset);
    }
  }
  assert.equal((await check(repository, { readDataPercent: 100 })).damageCount, 0);
});

test('damage names the pack, the snapshot and each file that it affects', async (t) => {
  const { repository, packs, source, snapshot } = await filled(t);
  rmSync(first(packs('data')));
  const { damages, damageCount } = await check(repository);
  assert.equal(damageCount, 4);
  assert.match(damages[0] ?? '', /^The pack [0-9a-f]{8} with 3 blobs is missing\.$/);
  for (const name of ['a', 'b', 'c']) {
    assert.ok(
      damages.some((text) =>
        text.startsWith(`The file ${source}/${name} of snapshot ${snapshot.slice(0, 8)} is`),
      ),
      name,
    );
  }
});

test('a pack of another length is found without reading data', async (t) => {
  const { repository, packs } = await filled(t);
  writeFileSync(first(packs('data')), 'junk', { flag: 'a' });
  const { damages } = await check(repository);
  assert.match(
    damages[0] ?? '',
    /^The pack [0-9a-f]{8} with 3 blobs has \d+ bytes where the index says \d+\.$/,
  );
});

test('two packs that changed places are found', async (t) => {
  const { repository, packs, folder } = await filled(t);
  const [data, tree] = [first(packs('data')), first(packs('tree'))];
  renameSync(data, `${folder}/swap`);
  renameSync(tree, data);
  renameSync(`${folder}/swap`, tree);
  assert.ok((await check(repository)).damageCount >= 2);
});

test('a damaged tree names the folder that it lists', async (t) => {
  const { repository, packs, source, snapshot } = await filled(t);
  const [lists] = [...repository.index.blobs()].filter(({ type }) => type === 'tree');
  assert.ok(lists);
  flip(first(packs('tree')), lists.offset + 20);
  const { damages } = await check(repository);
  assert.equal(damages.length, 1);
  assert.ok(damages[0]?.includes(`of snapshot ${snapshot.slice(0, 8)} is damaged`));
  assert.ok(source.startsWith((damages[0] ?? '').split(' ')[2] ?? '-'));
});

test('damaged index and snapshot files are named, and the rest is checked', async (t) => {
  const { repository, folder } = await filled(t);
  const index = `${folder}/index/${first(readdirSync(`${folder}/index`))}`;
  flip(index, 40);
  const lost = await check(repository);
  assert.match(lost.damages[0] ?? '', /^The index file [0-9a-f]{8} of the repository is damaged/);
  assert.ok(lost.damages.some((text) => text.includes('No index names the tree')));
  flip(index, 40);
  const snapshot = `${folder}/snapshots/${first(readdirSync(`${folder}/snapshots`))}`;
  writeFileSync(snapshot, '');
  const { damages, snapshots } = await check(repository);
  assert.equal(snapshots, 0);
  assert.match(damages[0] ?? '', /^The snapshot file [0-9a-f]{8} of the repository is damaged/);
});

test('packs that no index names are a note, no damage', async (t) => {
  const { repository, folder } = await filled(t);
  rmSync(`${folder}/snapshots`, { recursive: true });
  for (const name of readdirSync(`${folder}/index`)) rmSync(`${folder}/index/${name}`);
  const { damageCount, notes } = await check(repository);
  assert.equal(damageCount, 0);
  assert.match(notes[0] ?? '', /^2 packs are in no index/);
});

test('one snapshot can be checked alone', async (t) => {
  const { repository, snapshot, packs } = await filled(t);
  const writer = await repository.openWriter();
  const { id } = await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
  await writer.finish();
  const other = await repository.commitSnapshot(snapshotOf(id));
  rmSync(first(packs('data')));
  const damagesOf = async (wanted: string): Promise<number> => {
    const { damages } = await check(repository, { snapshot: wanted });
    return damages.filter((text) => text.startsWith('The file')).length;
  };
  assert.equal(await damagesOf(snapshot), 3);
  assert.equal(await damagesOf(other), 0);
  await assert.rejects(check(repository, { snapshot: '0'.repeat(64) }), (error) =>
    isFailure(error, 'SnapshotNotFound'),
  );
});

test('a part of the data can be read', async (t) => {
  const { repository } = await filled(t);
  const whole = (await check(repository, { readDataPercent: 100 })).bytesRead;
  const { bytesRead } = await check(repository, { readDataPercent: 50 });
  assert.ok(bytesRead > 0 && bytesRead < whole);
});

test('a cancelled check ends with the reason of its signal', async (t) => {
  const { repository } = await filled(t);
  const controller = new AbortController();
  const reason = new Failure('Cancelled', 'The check was cancelled.');
  const run = check(repository, {
    readDataPercent: 100,
    signal: controller.signal,
    onProgress: ({ step }) => {
      if (step === 'data') controller.abort(reason);
    },
  });
  await assert.rejects(run, reason);
});

test('a lost index is written anew from the packs', async (t) => {
  const { repository, folder, reopen } = await filled(t);
  for (const name of readdirSync(`${folder}/index`)) rmSync(`${folder}/index/${name}`);
  const result = await rebuildIndex(await reopen(), { signal: noSignal });
  assert.deepEqual(result, { packs: 2, packsAdded: 2, packsDropped: 0, damages: [] });
  assert.equal((await check(repository, { readDataPercent: 100 })).damageCount, 0);
  assert.deepEqual(readdirSync(`${folder}/locks`), []);
});

test('an index that names packs that are gone is put right', async (t) => {
  const { repository, packs } = await filled(t);
  rmSync(first(packs('data')));
  const result = await rebuildIndex(repository, { signal: noSignal });
  assert.deepEqual(result, { packs: 1, packsAdded: 0, packsDropped: 1, damages: [] });
  const { damages } = await check(repository);
  assert.ok(damages.every((text) => text.includes('no index names its data blob')));
});

test('a pack whose header is damaged is named and left out of the new index', async (t) => {
  const { repository, packs, folder } = await filled(t);
  for (const name of readdirSync(`${folder}/index`)) rmSync(`${folder}/index/${name}`);
  const pack = first(packs('data'));
  flip(pack, readFileSync(pack).length - 30);
  const { damages, packs: kept } = await rebuildIndex(repository, { signal: noSignal });
  assert.equal(kept, 1);
  assert.match(damages[0] ?? '', /^The pack [0-9a-f]{8} is damaged/);
});

test('the parts of the data are read once each, and together they are all of it', async (t) => {
  const { repository } = await filled(t);
  const all = await check(repository, { readDataPercent: 100 });
  let bytesRead = 0;
  for (let part = 0; part < 4; part += 1) {
    const result = await check(repository, { readDataPercent: 25, readDataPart: { part, of: 4 } });
    bytesRead += result.bytesRead;
  }
  assert.equal(bytesRead, all.bytesRead);
});

test('a snapshot that was put back after its packs were marked is told with the way to get them back', async (t) => {
  const { folder, snapshot, reopen } = await filled(t);
  const path = `${folder}/snapshots/${snapshot}`;
  renameSync(path, `${folder}-saved`);
  await pruneAll(await reopen(), { deleteDelayMs: 3_600_000 });
  renameSync(`${folder}-saved`, path);
  const damaged = await checkRepository(await reopen(), { readDataPercent: 0, signal: noSignal });
  assert.ok(damaged.damageCount > 0);
  assert.match(damaged.notes.join(), /marked by a prune; what is missing may lie there: `resguardo prune`/);
  await pruneAll(await reopen(), { deleteDelayMs: 3_600_000 });
  const mended = await checkRepository(await reopen(), { readDataPercent: 100, signal: noSignal });
  assert.deepEqual([mended.damages, mended.notes], [[], []]);
});
