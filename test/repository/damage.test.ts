import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { Repository } from '../../repository/repository.ts';
import { openLocalStore } from '../../stores/local.ts';
import { noSignal, snapshotOf, streamOf, testPassword, testRepository } from './test-repository.ts';

/** Files outside of packs, and what reads them. */
const readers = {
  config: async (folder: string) => {
    await Repository.open(openLocalStore(folder), testPassword);
  },
  index: async (folder: string) => {
    const repository = await Repository.open(openLocalStore(folder), testPassword);
    await repository.loadIndex();
  },
  snapshots: async (folder: string) => {
    const repository = await Repository.open(openLocalStore(folder), testPassword);
    await Array.fromAsync(repository.snapshots());
  },
} as const;

for (const [place, read] of Object.entries(readers)) {
  test(`${place}: any changed byte, and any missing end, is damage that names the file`, async (t) => {
    const { folder } = await filledRepository(t);
    const path = place === 'config' ? join(folder, place) : await onlyFileIn(join(folder, place));
    const whole = await readFile(path);
    for (const changed of [...changedBytes(whole), ...cutEnds(whole)]) {
      await writeFile(path, changed);
      await assert.rejects(read(folder), (error) => {
        assert.ok(isFailure(error, 'RepositoryDamaged'), String(error));
        const name = place === 'config' ? '"config"' : path.slice(-64).slice(0, 8);
        return error.message.includes(name);
      });
    }
    await writeFile(path, whole);
    await read(folder);
  });
}

test('any changed byte of a blob is damage that names the blob and its pack', async (t) => {
  const { folder } = await filledRepository(t);
  const first = await Repository.open(openLocalStore(folder), testPassword);
  await first.loadIndex();
  for (const { type, id, pack, offset, length } of first.index.blobs()) {
    // Small blobs are read with their neighbours, and whole ones kept.
    const repository = await Repository.open(openLocalStore(folder), testPassword);
    await repository.loadIndex();
    const path = join(folder, 'data', pack.slice(0, 2), pack);
    const whole = await readFile(path);
    const step = Math.max(1, Math.floor(length / 50));
    for (let position = offset; position < offset + length; position += step) {
      await writeFile(path, withChangedByte(whole, position));
      await assert.rejects(repository.loadBlob(type, id), (error) => {
        assert.ok(isFailure(error, 'RepositoryDamaged'));
        return error.message.includes(id.slice(0, 8)) && error.message.includes(pack.slice(0, 8));
      });
    }
    await writeFile(path, whole);
    await repository.loadBlob(type, id);
  }
});

test('a pack that is missing, cut short or another one is damage that names it', async (t) => {
  const { folder, content } = await filledRepository(t);
  const repository = await Repository.open(openLocalStore(folder), testPassword);
  await repository.loadIndex();
  const [id = ''] = content;
  const [location] = repository.index.locate('data', id);
  assert.ok(location);
  const path = join(folder, 'data', location.pack.slice(0, 2), location.pack);
  const whole = await readFile(path);
  const names = (error: unknown) =>
    isFailure(error, 'RepositoryDamaged') && error.message.includes(location.pack.slice(0, 8));

  await writeFile(path, whole.subarray(0, location.offset + location.length - 1));
  await assert.rejects(repository.loadBlob('data', id), names);
  await writeFile(path, randomBytes(whole.length));
  await assert.rejects(repository.loadBlob('data', id), names);
  await rm(path);
  await assert.rejects(repository.loadBlob('data', id), names);
});

test('a file of another repository is not taken for one of this', async (t) => {
  const { folder } = await filledRepository(t);
  const other = await filledRepository(t);
  for (const place of ['index', 'snapshots'] as const) {
    const foreign = await onlyFileIn(join(other.folder, place));
    const planted = join(folder, place, foreign.slice(-64));
    await writeFile(planted, await readFile(foreign));
    await assert.rejects(readers[place](folder), (error) => isFailure(error, 'RepositoryDamaged'));
    await rm(planted);
  }
});

test('a damaged snapshot does not keep another from being found by its id', async (t) => {
  const { folder, reopen } = await filledRepository(t);
  const repository = await reopen();
  const first = await repository.findSnapshot('latest');
  const second = await repository.commitSnapshot(snapshotOf(first.tree, { time: '2026-11-22T10:00:00Z' }));
  await writeFile(join(folder, 'snapshots', second), 'rubbish');
  assert.equal((await repository.findSnapshot(first.id.slice(0, 10))).id, first.id);
  const named = (error: unknown): boolean =>
    isFailure(error, 'RepositoryDamaged') && error.message.includes(second.slice(0, 8));
  await assert.rejects(repository.findSnapshot(second), named);
  await assert.rejects(repository.findSnapshot('latest'), named, 'the damaged one may be the latest');
});

async function filledRepository(t: TestContext) {
  const made = await testRepository(t);
  const writer = await made.repository.openWriter();
  const text = Buffer.alloc(20_000, 'text that compresses ');
  const { content } = await writer.saveStream(streamOf(randomBytes(1000)), { signal: noSignal });
  const second = await writer.saveStream(streamOf(text), { signal: noSignal });
  const tree = await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
  await writer.finish();
  await made.repository.commitSnapshot(snapshotOf(tree.id));
  return { ...made, content: [...content, ...second.content] };
}

async function onlyFileIn(folder: string): Promise<string> {
  const [name = '', ...more] = await readdir(folder);
  assert.deepEqual(more, []);
  return join(folder, name);
}

function* changedBytes(whole: Buffer): Generator<Buffer> {
  for (let position = 0; position < whole.length; position++) yield withChangedByte(whole, position);
}

function withChangedByte(whole: Buffer, position: number): Buffer {
  const changed = Buffer.from(whole);
  changed[position] = (changed[position] ?? 0) ^ (1 << (position % 8));
  return changed;
}

function* cutEnds(whole: Buffer): Generator<Buffer> {
  for (let length = 0; length < whole.length; length += 7) yield whole.subarray(0, length);
  yield Buffer.concat([whole, Buffer.of(0)]);
}
