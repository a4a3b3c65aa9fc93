import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlobIndex, type IndexedPack } from '../../../repository/index/blob-index.ts';
import { decodeIndex, encodeIndex } from '../../../repository/index/index-file.ts';
import { arbitraryBlob, arbitraryId, withOffsets } from '../arbitrary.ts';

const arbitraryPack: fc.Arbitrary<IndexedPack> = fc.record(
  { id: arbitraryId, blobs: fc.array(arbitraryBlob, { maxLength: 10 }).map(withOffsets) },
  { noNullPrototype: true },
);

test('an index file is read as it was written', () => {
  fc.assert(
    fc.property(fc.array(arbitraryPack, { maxLength: 10 }), (packs) => {
      assert.deepEqual(decodeIndex(encodeIndex(packs)), packs);
    }),
  );
});

test("an index file is written as restic's design document says", () => {
  const pack = withOffsets([
    { type: 'data', id: 'aa'.repeat(32), length: 38 },
    { type: 'tree', id: 'bb'.repeat(32), length: 112, uncompressedLength: 511 },
  ]);
  assert.deepEqual(JSON.parse(encodeIndex([{ id: 'cc'.repeat(32), blobs: pack }]).toString()), {
    packs: [
      {
        id: 'cc'.repeat(32),
        blobs: [
          { id: 'aa'.repeat(32), type: 'data', offset: 0, length: 38 },
          { id: 'bb'.repeat(32), type: 'tree', offset: 38, length: 112, uncompressed_length: 511 },
        ],
      },
    ],
  });
});

test('what is no index is not taken for one', () => {
  const whole = { id: 'aa'.repeat(32), type: 'data', offset: 0, length: 38 };
  const wrongBlobs = [
    null,
    {},
    { ...whole, id: 'AA'.repeat(32) },
    { ...whole, type: 'file' },
    { ...whole, offset: -1 },
    { ...whole, length: 2 ** 32 },
    { ...whole, length: 1.5 },
    { ...whole, uncompressed_length: '5' },
  ];
  for (const blob of wrongBlobs) {
    const json = JSON.stringify({ packs: [{ id: 'cc'.repeat(32), blobs: [blob] }] });
    assert.equal(decodeIndex(Buffer.from(json)), undefined, json);
  }
  for (const text of ['', '[]', '{}', '{"packs":{}}', '{"packs":[{"id":"x","blobs":[]}]}']) {
    assert.equal(decodeIndex(Buffer.from(text)), undefined, text);
  }
  assert.deepEqual(decodeIndex(Buffer.from('{"packs":null}')), [], 'Go writes an empty list so');
});

test('the index in memory answers as a map would', () => {
  fc.assert(
    fc.property(fc.array(arbitraryPack, { maxLength: 40 }), arbitraryId, (packs, unknown) => {
      const index = new BlobIndex();
      for (const pack of packs) index.addPack(pack);
      assert.deepEqual(
        [...index.packs()],
        packs.map(({ id }) => id),
      );
      assert.deepEqual([...index.blobsByPack()], packs.map(inOrder));
      for (const { id: pack, blobs } of packs) {
        assert.ok(index.hasPack(pack));
        for (const blob of blobs) {
          assert.ok(index.hasBlob(blob.type, blob.id));
          assert.equal(index.blobSize(blob.type, blob.id), blob.uncompressedLength ?? blob.length - 32);
          assert.deepEqual(index.locate(blob.type, blob.id), [{ ...blob, pack }]);
          assert.equal(index.hasBlob(blob.type === 'data' ? 'tree' : 'data', blob.id), false);
        }
      }
      assert.ok(!index.hasPack(unknown) && !index.hasBlob('data', unknown));
      assert.deepEqual([index.blobSize('data', unknown), index.locate('tree', unknown)], [undefined, []]);
    }),
  );
});

test('a blob in several packs is found in each, and a pack that is named twice counts once', () => {
  const blob = { type: 'data' as const, id: 'aa'.repeat(32), length: 100 };
  const packs = ['11', '22', '33'].map((digits) => ({ id: digits.repeat(32), blobs: withOffsets([blob]) }));
  const index = new BlobIndex();
  for (const pack of [...packs, ...packs]) index.addPack(pack);
  assert.deepEqual(
    index.locate('data', blob.id).map(({ pack }) => pack),
    packs.map(({ id }) => id),
  );
  assert.deepEqual([index.packCount, index.blobCount], [3, 3]);
});

test('a pack that one index file names in part is completed by another', () => {
  const [first, second] = withOffsets([
    { type: 'data', id: 'aa'.repeat(32), length: 100 },
    { type: 'data', id: 'bb'.repeat(32), length: 100 },
  ]);
  assert.ok(first && second);
  const index = new BlobIndex();
  index.addPack({ id: '11'.repeat(32), blobs: [first] });
  index.addPack({ id: '11'.repeat(32), blobs: [first, second] });
  assert.deepEqual([...index.blobsByPack()], [{ id: '11'.repeat(32), blobs: [first, second] }]);
});

test('200,000 blobs are found again, at less than 70 bytes each', () => {
  const index = new BlobIndex();
  const before = process.memoryUsage().arrayBuffers;
  const id = (number: number) => hash('sha256', String(number));
  for (let pack = 0; pack < 200; pack++) {
    const blobs = Array.from({ length: 1000 }, (_, number) => ({
      type: 'data' as const,
      id: id(pack * 1000 + number),
      length: 100 + number,
    }));
    index.addPack({ id: id(pack), blobs: withOffsets(blobs) });
  }
  assert.equal(index.blobCount, 200_000);
  for (let number = 0; number < 200_000; number += 7) {
    assert.equal(index.blobSize('data', id(number)), 100 + (number % 1000) - 32);
  }
  assert.ok(!index.hasBlob('data', id(200_000)));
  const bytesEach = (process.memoryUsage().arrayBuffers - before) / 200_000;
  assert.ok(bytesEach < 70, `${bytesEach} bytes for each blob`);
});

function inOrder({ id, blobs }: IndexedPack): IndexedPack {
  return { id, blobs: [...blobs].sort((a, b) => a.offset - b.offset) };
}
