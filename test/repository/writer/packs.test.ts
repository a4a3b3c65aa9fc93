import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { testRepository } from '../test-repository.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

test('blobs that wait for the same pack at the same time get into one each, once', async (t) => {
  const { repository, reopen, store } = await testRepository(t, { packSizeBytes: 64 * kibibyte });
  const writer = await repository.openWriter();
  const contents = Array.from({ length: 200 }, () => randomBytes(30 * kibibyte));
  const saved = await Promise.all(contents.map((content) => writer.saveBlob('data', content)));
  await writer.finish();

  const opened = await reopen();
  for (const [number, { id }] of saved.entries()) {
    assert.ok((await opened.loadBlob('data', id)).equals(contents[number] ?? Buffer.alloc(0)));
  }
  const packs = await Array.fromAsync(store.list('data'));
  const storedBytes = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  assert.ok(storedBytes < 200 * 31 * kibibyte, `${storedBytes} bytes are stored`);
});

test('a tree that is larger than the buffers for packs is stored', async (t) => {
  const { repository, reopen } = await testRepository(t);
  const writer = await repository.openWriter();
  const content = randomBytes(9 * mebibyte);
  const { id } = await writer.saveBlob('tree', content);
  await writer.finish();

  assert.ok((await (await reopen()).loadBlob('tree', id)).equals(content));
});
