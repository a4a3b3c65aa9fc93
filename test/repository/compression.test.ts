import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compressor, decompress, decompressUpTo } from '../../repository/compression.ts';

const text = (bytes: number): Buffer => Buffer.alloc(bytes, 'a line of text that repeats itself\n');

test('what is compressed decompresses to the same bytes', async () => {
  const compressor = new Compressor('default');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.nat(100), async (bytes, times) => {
      const data = Buffer.concat(Array.from({ length: times }, () => bytes));
      const compressed = await compressor.compressMetadata(data);
      assert.deepEqual(await decompress(compressed, data.length), data);
    }),
  );
});

for (const mode of ['fastest', 'default', 'better', 'max'] as const) {
  test(`text becomes smaller at the level ${mode}`, async () => {
    const data = text(1_000_000);
    const compressed = await new Compressor(mode).compressData(data);
    assert.ok(compressed && compressed.length < 10_000);
    assert.deepEqual(await decompress(compressed, data.length), data);
  });
}

test('data that does not become smaller is stored as it is', async () => {
  const compressor = new Compressor('default');
  for (const bytes of [0, 1, 100, 10_000, 2_000_000]) {
    assert.equal(await compressor.compressData(randomBytes(bytes)), undefined, `${bytes} bytes`);
  }
});

test('text between random ends is found to be compressible', async () => {
  const data = Buffer.concat([randomBytes(200_000), text(1_000_000), randomBytes(200_000)]);
  const compressed = await new Compressor('default').compressData(data);
  assert.ok(compressed && compressed.length < 500_000);
});

test('with compression off, data is stored as it is and metadata is compressed all the same', async () => {
  const compressor = new Compressor('off');
  assert.equal(await compressor.compressData(text(100_000)), undefined);
  assert.ok((await compressor.compressMetadata(text(100_000))).length < 1000);
});

test('what claims another length than it has is refused', async () => {
  const compressed = await new Compressor('default').compressMetadata(text(100_000));
  assert.equal(await decompress(compressed, 99_999), undefined);
  assert.equal(await decompress(compressed, 100_001), undefined);
  assert.equal(await decompress(compressed, 0), undefined);
});

test('a bomb stops at its limit', async () => {
  const bomb = await new Compressor('default').compressMetadata(Buffer.alloc(300_000_000));
  assert.ok(bomb.length < 50_000);
  assert.equal(await decompressUpTo(bomb, 1_000_000), undefined);
});

test('what is no zstd is refused', async () => {
  for (const bytes of [0, 1, 100, 50_000]) {
    assert.equal(await decompress(Buffer.alloc(bytes, 0xab), 10), undefined);
  }
});
