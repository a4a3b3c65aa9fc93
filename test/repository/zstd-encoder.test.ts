import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { ZstdEncoder } from '../../repository/zstd-encoder.ts';

test('inputs of any length in any order decompress to themselves', () => {
  const encoder = new ZstdEncoder(3);
  const input = fc.tuple(fc.uint8Array({ maxLength: 2000 }), fc.nat(300));
  fc.assert(
    fc.property(fc.array(input, { maxLength: 10 }), (inputs) => {
      for (const [bytes, times] of inputs) {
        const data = Buffer.concat(Array.from({ length: times }, () => bytes));
        assert.ok(zstdDecompressSync(encoder.encode(data)).equals(data));
      }
    }),
  );
});

test('data that does not compress is encoded whole', () => {
  const encoder = new ZstdEncoder(1);
  for (const bytes of [1, 1000, 128 * 1024, 128 * 1024 + 1, 8 * 1024 * 1024]) {
    const data = randomBytes(bytes);
    assert.ok(zstdDecompressSync(encoder.encode(data)).equals(data), `${bytes} bytes`);
  }
});

test('a frame names the length of its content, as those of restic do', () => {
  const data = Buffer.alloc(300_000, 'text');
  const header = new ZstdEncoder(3).encode(data).subarray(0, 9);
  assert.deepEqual(
    header,
    zstdCompressSync(data, { pledgedSrcSize: data.length, params: { 101: 19 } }).subarray(0, 9),
  );
});

test('content in shared memory is compressed as well', () => {
  const shared = Buffer.from(new SharedArrayBuffer(100_000)).fill('shared ');
  assert.ok(zstdDecompressSync(new ZstdEncoder(3).encode(shared)).equals(shared));
});
