import fc from 'fast-check';
import type { PackedBlob } from '../../repository/pack/header.ts';

export const arbitraryId = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));

/** A blob of a pack, but for its offset. */
export const arbitraryBlob: fc.Arbitrary<Omit<PackedBlob, 'offset'>> = fc
  .record({
    type: fc.constantFrom('data' as const, 'tree' as const),
    id: arbitraryId,
    length: fc.integer({ min: 32, max: 50_000_000 }),
    uncompressedLength: fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { nil: undefined }),
  })
  .map(({ uncompressedLength, ...blob }) => (uncompressedLength ? { ...blob, uncompressedLength } : blob));

/** The blobs one after the other. */
export function withOffsets(blobs: readonly Omit<PackedBlob, 'offset'>[]): PackedBlob[] {
  let offset = 0;
  return blobs.map(({ type, id, ...lengths }) => {
    const blob = { type, id, offset, ...lengths };
    offset += lengths.length;
    return blob;
  });
}
