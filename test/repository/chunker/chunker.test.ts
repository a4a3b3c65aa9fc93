import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Chunker, maxChunkBytes, minChunkBytes } from '../../../repository/chunker/chunker.ts';
import { randomChunkerPolynomial } from '../../../repository/chunker/polynomial.ts';
import { testPolynomial } from '../test-repository.ts';
import { referenceCuts } from './reference.ts';

const mebibyte = 1024 * 1024;

test('random content is cut where it always was', async () => {
  const content = keyStream(12 * mebibyte, 1);
  assert.deepEqual(
    cuts(await Chunker.create(testPolynomial), content),
    [895116, 723487, 1256681, 1564802, 1163391, 1178687, 714750, 652800, 4080017, 353181],
  );
});

test('content is cut where the definition cuts it, whatever the polynomial, the content and the reads', async () => {
  const content = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    bytes: fc.integer({ min: 1, max: 3 * mebibyte }),
    // A stretch of equal bytes, in which a fingerprint repeats.
    flatFrom: fc.integer({ min: 0, max: 3 * mebibyte }),
    flatBytes: fc.integer({ min: 0, max: mebibyte }),
    flatByte: fc.integer({ min: 0, max: 255 }),
    step: fc.integer({ min: 1000, max: 700_000 }),
  });
  const polynomial = randomChunkerPolynomial();
  const chunker = await Chunker.create(polynomial);
  fc.assert(
    fc.property(content, ({ seed, bytes, flatFrom, flatBytes, flatByte, step }) => {
      const generated = keyStream(bytes, seed).fill(
        flatByte,
        Math.min(flatFrom, bytes),
        Math.min(flatFrom + flatBytes, bytes),
      );
      assert.deepEqual(cuts(chunker, generated, step), referenceCuts(generated, polynomial));
    }),
    { numRuns: 12 },
  );
});

test('zeros are cut at the least length', async () => {
  const chunker = await Chunker.create(testPolynomial);
  assert.deepEqual(cuts(chunker, Buffer.alloc(2 * minChunkBytes + 5)), [minChunkBytes, minChunkBytes, 5]);
});

test('content without a cut is cut at the greatest length', async () => {
  const chunker = await Chunker.create(testPolynomial);
  // A window of equal bytes has one fingerprint; that of ones has bits in the mask.
  const content = Buffer.alloc(maxChunkBytes + 3, 1);
  assert.deepEqual(cuts(chunker, content), [maxChunkBytes, 3]);
});

test('no end is found below the least length, and one is at it', async () => {
  const chunker = await Chunker.create(testPolynomial);
  const zeros = Buffer.alloc(minChunkBytes);
  assert.equal(chunker.findCut(zeros, 0, minChunkBytes - 1), 0);
  assert.equal(chunker.findCut(zeros, minChunkBytes - 1, minChunkBytes), minChunkBytes);
  assert.equal(chunker.findCut(zeros, 0, minChunkBytes), minChunkBytes);
});

test('an insertion changes the chunks around it alone', async () => {
  const chunker = await Chunker.create(testPolynomial);
  const content = keyStream(12 * mebibyte, 1);
  const inserted = Buffer.concat([
    content.subarray(0, 5_000_000),
    Buffer.from('x'),
    content.subarray(5_000_000),
  ]);
  const before = new Set(ends(cuts(chunker, content)));
  const after = ends(cuts(chunker, inserted)).map((end) => (end > 5_000_000 ? end - 1 : end));
  assert.ok(after.filter((end) => !before.has(end)).length <= 2);
});

/** Lengths of all chunks, when the content comes in steps of so many bytes. */
function cuts(chunker: Chunker, content: Buffer, step = 300_000): number[] {
  const lengths: number[] = [];
  for (let start = 0; start < content.length; start += lengths.at(-1) ?? 0) {
    const rest = content.subarray(start);
    let cut = 0;
    for (let scanned = 0; cut === 0 && scanned < rest.length; ) {
      const filled = Math.min(scanned + step, rest.length);
      cut = chunker.findCut(rest, scanned, filled);
      scanned = filled;
    }
    lengths.push(cut || rest.length);
  }
  return lengths;
}

function ends(lengths: readonly number[]): number[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return end;
  });
}

/** Reproducible bytes that look random. */
function keyStream(bytes: number, seed: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(seed);
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), iv).update(Buffer.alloc(bytes));
}
