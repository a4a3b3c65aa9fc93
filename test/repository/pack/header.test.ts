import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeHeader, encodeHeader, headerBytes, type PackedBlob } from '../../../repository/pack/header.ts';
import { arbitraryBlob, withOffsets } from '../arbitrary.ts';

test('a header is read as it was written', () => {
  fc.assert(
    fc.property(fc.array(arbitraryBlob, { maxLength: 50 }), (blobs) => {
      const packed = withOffsets(blobs);
      const header = encodeHeader(packed);
      assert.equal(header.length, headerBytes(packed));
      assert.deepEqual(decodeHeader(header), packed);
    }),
  );
});

test("a header is laid out as restic's design document says", () => {
  const blobs: PackedBlob[] = [
    { type: 'data', id: 'aa'.repeat(32), offset: 0, length: 0x0102 },
    { type: 'tree', id: 'bb'.repeat(32), offset: 0x0102, length: 0x03, uncompressedLength: 0x040506 },
  ];
  const expected = `00${'02010000'}${'aa'.repeat(32)}03${'03000000'}${'06050400'}${'bb'.repeat(32)}`;
  assert.equal(encodeHeader(blobs).toString('hex'), expected);
});

test('a header that ends within an entry, or names an unknown type, is none', () => {
  const header = encodeHeader([{ type: 'data', id: 'aa'.repeat(32), offset: 0, length: 5 }]);
  for (let length = 1; length < header.length; length++) {
    assert.equal(decodeHeader(header.subarray(0, length)), undefined);
  }
  header[0] = 4;
  assert.equal(decodeHeader(header), undefined);
});
