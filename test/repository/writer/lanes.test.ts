import assert from 'node:assert/strict';
import { createCipheriv, hash, randomBytes } from 'node:crypto';
import { appendFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { type SavedFile, smallFileBytes } from '../../../repository/blobs.ts';
import { listedFile } from '../listed-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, streamOf, testRepository } from '../test-repository.ts';

const mebibyte = 1024 * 1024;
const options = { signal: noSignal };

/** More than is done without threads. */
const manyBytes = 24 * mebibyte;

test('many files of all sizes, saved at once by threads, are read back whole', async (t) => {
  const { repository, reopen } = await testRepository(t, { packSizeBytes: mebibyte });
  const folder = await temporaryFolder(t);
  const sizes = [0, 1, 4095, smallFileBytes, smallFileBytes + 1, smallFileBytes + 2, 3 * mebibyte];
  const contents = Array.from({ length: 280 }, (_, number) =>
    keyStream(number % 20 === 0 ? (sizes[(number / 20) % sizes.length] ?? 0) : 100_000 + number, number),
  );
  const paths = contents.map((content, number) => {
    const path = join(folder, String(number));
    writeFileSync(path, content);
    return path;
  });
  const writer = await repository.openWriter();
  const saved = await Promise.all(paths.map((path) => writer.saveFile(listedFile(path), options)));
  await writer.finish();

  const reader = await reopen();
  for (const [number, file] of saved.entries()) {
    const blobs = await Promise.all(contentOf(file).content.map((id) => reader.loadBlob('data', id)));
    assert.ok(Buffer.concat(blobs).equals(contents[number] ?? Buffer.alloc(0)), `file ${number}`);
  }
  const ids = [...reader.index.blobs()].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'no blob is stored twice');
});

test('files with the same content are stored once, whichever threads they meet', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  const contents = Array.from({ length: 40 }, () => randomBytes(400_000));
  const files = Array.from({ length: 200 }, (_, number) => {
    const path = join(folder, String(number));
    writeFileSync(path, contents[number % 40] ?? '');
    return listedFile(path);
  });
  const writer = await repository.openWriter();
  const saved = await Promise.all(files.map((file) => writer.saveFile(file, options)));
  await writer.finish();
  assert.equal(
    saved.reduce((sum, file) => sum + contentOf(file).addedBytes, 0),
    40 * 400_000,
  );
  assert.equal(repository.index.blobCount, 40);
});

test('a small file that changed after it was listed is stored as it is, however large it has become', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  const files = ['grown', 'huge', 'shrunk', 'gone'].map((name) => {
    writeFileSync(join(folder, name), randomBytes(1000));
    return listedFile(join(folder, name));
  });
  appendFileSync(join(folder, 'grown'), 'x');
  appendFileSync(join(folder, 'huge'), randomBytes(2 * mebibyte));
  truncateSync(join(folder, 'shrunk'), 10);
  rmSync(join(folder, 'gone'));
  const writer = await repository.openWriter();
  const [grown, huge, shrunk, gone] = await Promise.all(files.map((file) => writer.saveFile(file, options)));
  await writer.finish();
  assert.deepEqual(
    [sizesOf(grown), sizesOf(huge), sizesOf(shrunk)],
    [
      [1001n, 1001n],
      [BigInt(2 * mebibyte + 1000), BigInt(2 * mebibyte + 1000)],
      [10n, 10n],
    ],
  );
  assert.deepEqual(gone, { kind: 'skipped', reason: 'it cannot be read: it vanished after it was listed' });
});

test('a writer that is aborted in the middle of its threads ends them and stores nothing more', async (t) => {
  const { repository, folder, store } = await testRepository(t, { packSizeBytes: mebibyte });
  const path = join(await temporaryFolder(t), 'file');
  writeFileSync(path, keyStream(manyBytes, 1));
  const writer = await repository.openWriter();
  const reached = Promise.withResolvers<void>();
  let bytes = 0;
  const onBytes = (count: number): void => {
    bytes += count;
    if (bytes > manyBytes / 2) reached.resolve();
  };
  const saving = writer.saveFile(listedFile(path), { signal: noSignal, onBytes });
  const rejected = assert.rejects(saving, (error) => isFailure(error, 'Cancelled'));
  await reached.promise;
  await writer.abort();
  await rejected;
  const packs = (await Array.fromAsync(store.list('data'))).length;
  await assert.rejects(writer.saveFile(listedFile(path), options), (error) => isFailure(error, 'Cancelled'));
  assert.equal((await Array.fromAsync(store.list('data'))).length, packs);
  assert.deepEqual(await readdir(join(folder, 'index')), []);
});

test('a pack of a thread that cannot be stored fails the writer with its reason', async (t) => {
  const disk = new Error('disk on fire');
  let packs = 0;
  const { repository, folder } = await testRepository(t, {
    packSizeBytes: mebibyte,
    failpoint: (name) => {
      if (name === 'before pack put' && ++packs === 8) throw disk;
    },
  });
  const writer = await repository.openWriter();
  const saved = writer.saveStream(streamOf(keyStream(manyBytes, 3)), options);
  await assert.rejects(
    saved.then(() => writer.finish()),
    disk,
  );
  await assert.rejects(writer.finish(), disk);
  assert.deepEqual(await readdir(join(folder, 'index')), []);
});

test('chunks cut by threads are those of a stream', async (t) => {
  const { repository } = await testRepository(t);
  const content = keyStream(manyBytes, 7);
  const path = join(await temporaryFolder(t), 'file');
  writeFileSync(path, content);
  const writer = await repository.openWriter();
  const file = contentOf(await writer.saveFile(listedFile(path), options));
  const stream = await writer.saveStream(streamOf(content), options);
  await writer.finish();
  assert.deepEqual(stream.content, file.content);
  assert.equal(stream.newBlobs, 0);
  assert.equal(file.content.length, new Set(file.content).size);
  assert.equal(file.addedBytes, manyBytes);
  assert.notEqual(file.content[0], hash('sha256', content));
});

function contentOf(file: SavedFile | undefined) {
  assert.ok(file?.kind === 'stored');
  return file.saved;
}

/** The size as it was when the file was opened, and of what was read. */
function sizesOf(file: SavedFile | undefined) {
  assert.ok(file?.kind === 'stored');
  return [file.stat?.size, file.saved.sizeBytes];
}

/** Reproducible bytes that look random. */
function keyStream(bytes: number, seed: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(seed);
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), iv).update(Buffer.alloc(bytes));
}
