import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import type { BlobWriter, SavedContent } from '../../../repository/blobs.ts';
import type { Repository } from '../../../repository/repository.ts';
import { listedFile } from '../listed-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, streamOf, testRepository } from '../test-repository.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const options = { signal: noSignal };

const lengths = [
  0,
  1,
  511 * kibibyte,
  512 * kibibyte,
  512 * kibibyte + 1,
  768 * kibibyte,
  3 * mebibyte + 17,
  8 * mebibyte,
  8 * mebibyte + 1,
  20 * mebibyte,
];

for (const length of lengths) {
  test(`content of ${length} bytes is read back, from a stream as from a file`, async (t) => {
    const { repository, reopen } = await testRepository(t);
    const content = keyStream(length);
    const path = join(await temporaryFolder(t), 'file');
    await writeFile(path, content);
    const writer = await repository.openWriter();
    const fromStream = await writer.saveStream(inPieces(content, 65_536), options);
    const fromFile = await saveFile(writer, path);
    await writer.finish();

    assert.equal(fromStream.sizeBytes, BigInt(length));
    assert.equal(fromStream.addedBytes, length);
    assert.equal(fromStream.newBlobs, fromStream.content.length);
    const unchanged = { newBlobs: 0, addedBytes: 0, storedBytes: 0 };
    assert.deepEqual(fromFile, { ...fromStream, ...unchanged });
    assert.ok(content.equals(await readContent(await reopen(), fromStream)));
  });
}

test('pieces of any size give the same chunks', async (t) => {
  const { repository } = await testRepository(t);
  const content = keyStream(6 * mebibyte);
  const writer = await repository.openWriter();
  const saved = await Promise.all(
    [1_000_003, 65_536, 4_001, content.length].map((pieceBytes) =>
      writer.saveStream(inPieces(content, pieceBytes), options),
    ),
  );
  await writer.finish();
  for (const { content: ids } of saved) assert.deepEqual(ids, saved[0]?.content);
  assert.equal(
    saved.reduce((sum, { addedBytes }) => sum + addedBytes, 0),
    content.length,
  );
});

test('what the repository has is not stored again', async (t) => {
  const { repository, reopen } = await testRepository(t);
  const content = randomBytes(2 * mebibyte);
  const first = await saveAll(repository, content);
  const again = await saveAll(await reopen(), content);
  assert.equal(first.addedBytes, content.length);
  assert.deepEqual([again.newBlobs, again.addedBytes, again.storedBytes], [0, 0, 0]);
  assert.deepEqual(again.content, first.content);
});

test('a blob that many save at once is stored once', async (t) => {
  const { repository } = await testRepository(t);
  const writer = await repository.openWriter();
  const data = Buffer.alloc(100_000, 'same');
  const saved = await Promise.all(Array.from({ length: 20 }, () => writer.saveBlob('data', data)));
  await writer.finish();
  assert.equal(saved.filter(({ isNew }) => isNew).length, 1);
  assert.equal(repository.index.blobCount, 1);
});

test('data and trees lie in packs of their own, even when they have the same bytes', async (t) => {
  const { repository, reopen } = await testRepository(t);
  const writer = await repository.openWriter();
  for (let number = 0; number < 20; number++) {
    await writer.saveBlob('data', Buffer.from(`blob ${number}`));
    await writer.saveBlob('tree', Buffer.from(`blob ${number}`));
  }
  await writer.finish();
  const packs = [...(await reopen()).index.blobsByPack()];
  assert.deepEqual(
    packs.map(({ blobs }) => [...new Set(blobs.map(({ type }) => type))].length),
    [1, 1],
  );
});

test('text is compressed, random data is not, and trees always are', async (t) => {
  const { repository } = await testRepository(t, { compression: 'off' });
  const writer = await repository.openWriter();
  const text = Buffer.alloc(50_000, 'text ');
  const tree = await writer.saveBlob('tree', text);
  const plain = await writer.saveBlob('data', text);
  await writer.finish();
  assert.ok(tree.storedBytes < 1000);
  assert.equal(plain.storedBytes, text.length + 32);

  const compressing = await testRepository(t);
  const compressingWriter = await compressing.repository.openWriter();
  const small = await compressingWriter.saveBlob('data', text);
  const random = await compressingWriter.saveBlob('data', randomBytes(50_000));
  await compressingWriter.finish();
  assert.ok(small.storedBytes < 1000);
  assert.equal(random.storedBytes, 50_032);
});

test('a pack is stored when it is full, and the last ones at the end', async (t) => {
  const { repository, folder } = await testRepository(t, { packSizeBytes: mebibyte });
  const writer = await repository.openWriter();
  for (let number = 0; number < 35; number++) await writer.saveBlob('data', randomBytes(100_000));
  await writer.finish();
  const sizes = [];
  for await (const { sizeBytes } of repository.store.list('data')) sizes.push(sizeBytes);
  assert.equal(sizes.length, 4);
  assert.equal(sizes.filter((size) => size >= mebibyte).length, 3);
  assert.equal((await readdir(join(folder, 'index'))).length, 1);
});

test('a tree that no usual pack takes is stored all the same', async (t) => {
  const { repository, reopen } = await testRepository(t, { packSizeBytes: mebibyte });
  const writer = await repository.openWriter();
  const tree = randomBytes(30 * mebibyte);
  const { id } = await writer.saveBlob('tree', tree);
  await writer.finish();
  assert.ok(tree.equals(await (await reopen()).loadBlob('tree', id)));
});

test('an index never names a pack that is not stored', async (t) => {
  const stored = new Set<string>();
  const { repository, folder } = await testRepository(t, {
    packSizeBytes: mebibyte,
    failpoint: async (name) => {
      if (name === 'before index put')
        for await (const pack of repository.store.list('data')) stored.add(pack.name);
    },
  });
  const writer = await repository.openWriter();
  await writer.saveStream(streamOf(randomBytes(10 * mebibyte)), options);
  await writer.checkpoint();
  await writer.finish();
  assert.ok((await readdir(join(folder, 'index'))).length >= 1);
  assert.deepEqual([...repository.index.packs()].sort(), [...stored].sort());
});

test('what a checkpoint has indexed is not stored again after a kill', async (t) => {
  const { repository, reopen } = await testRepository(t, { packSizeBytes: mebibyte });
  const content = randomBytes(5 * mebibyte);
  const writer = await repository.openWriter();
  await writer.saveStream(streamOf(content), options);
  await writer.checkpoint();
  // The writer is left as a killed process leaves it.
  const indexed = (await reopen()).index.blobCount;
  assert.ok(indexed > 0);
  const again = await saveAll(await reopen(), content);
  assert.equal(again.newBlobs, again.content.length - indexed);
  await writer.abort();
});

test('a checkpoint with nothing new writes no index', async (t) => {
  const { repository, folder } = await testRepository(t);
  const writer = await repository.openWriter();
  await writer.checkpoint();
  await writer.finish();
  assert.deepEqual(await readdir(join(folder, 'index')), []);
});

test('the error of a stream is the error of the save, and other saves go on', async (t) => {
  const { repository, reopen } = await testRepository(t);
  const writer = await repository.openWriter();
  const broken = new Error('exit status 1');
  async function* failing() {
    yield randomBytes(mebibyte);
    throw broken;
  }
  await assert.rejects(writer.saveStream(failing(), options), broken);
  const whole = await writer.saveStream(streamOf(Buffer.from('whole')), options);
  await writer.finish();
  assert.equal((await readContent(await reopen(), whole)).toString(), 'whole');
});

test('a save that is aborted rejects with the reason and frees its stream', async (t) => {
  const { repository } = await testRepository(t);
  const writer = await repository.openWriter();
  const abort = new AbortController();
  const reason = new Error('enough');
  let freed = false;
  async function* endless() {
    try {
      for (;;) yield randomBytes(100_000);
    } finally {
      freed = true;
    }
  }
  let bytes = 0;
  const onBytes = (count: number) => {
    bytes += count;
    if (bytes > 3 * mebibyte) abort.abort(reason);
  };
  await assert.rejects(writer.saveStream(endless(), { signal: abort.signal, onBytes }), reason);
  assert.equal(freed, true);
  await writer.finish();
});

test('progress counts every byte', async (t) => {
  const { repository } = await testRepository(t);
  const writer = await repository.openWriter();
  let bytes = 0;
  const onBytes = (count: number) => {
    bytes += count;
  };
  await writer.saveStream(streamOf(randomBytes(3_000_000), randomBytes(5)), { signal: noSignal, onBytes });
  await writer.finish();
  assert.equal(bytes, 3_000_005);
});

test('a writer that is aborted stores nothing more, and may be aborted twice', async (t) => {
  const { repository, folder } = await testRepository(t);
  const writer = await repository.openWriter();
  await writer.saveBlob('data', Buffer.from('never stored'));
  await writer.abort();
  await writer.abort();
  await assert.rejects(writer.saveBlob('data', Buffer.from('late')), (error) =>
    isFailure(error, 'Cancelled'),
  );
  await assert.rejects(writer.checkpoint(), (error) => isFailure(error, 'Cancelled'));
  await assert.rejects(writer.finish(), (error) => isFailure(error, 'Cancelled'));
  assert.deepEqual(await readdir(join(folder, 'index')), []);
  assert.deepEqual(await Array.fromAsync(repository.store.list('data')), []);
});

test('the failure of one pack fails the writer, and nothing is indexed of it', async (t) => {
  const disk = new Error('disk on fire');
  const { repository, folder } = await testRepository(t, {
    packSizeBytes: mebibyte,
    failpoint: (name) => {
      if (name === 'before pack put') throw disk;
    },
  });
  const writer = await repository.openWriter();
  await assert.rejects(writer.saveStream(streamOf(randomBytes(50 * mebibyte)), options), disk);
  await assert.rejects(writer.saveBlob('data', Buffer.from('x')), disk);
  await assert.rejects(writer.finish(), disk);
  assert.deepEqual(await readdir(join(folder, 'index')), []);
});

/** Saves a file that is as it is listed. */
async function saveFile(writer: BlobWriter, path: string): Promise<SavedContent> {
  const result = await writer.saveFile(listedFile(path), options);
  assert.equal(result.kind, 'stored');
  assert.ok(result.kind === 'stored' && !result.isChanged);
  return result.saved;
}

async function saveAll(repository: Repository, content: Buffer): Promise<SavedContent> {
  const writer = await repository.openWriter();
  const saved = await writer.saveStream(streamOf(content), options);
  await writer.finish();
  return saved;
}

async function readContent(repository: Repository, { content }: SavedContent): Promise<Buffer> {
  return Buffer.concat(await Promise.all(content.map((id) => repository.loadBlob('data', id))));
}

async function* inPieces(content: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
}

/** Reproducible bytes that look random. */
function keyStream(bytes: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(bytes));
}
