import type { PackedBlob } from './header.ts';

/** Blobs that lie no further apart are read at once: a request costs more than the bytes between them. */
const gapBytes = 256 * 1024;

/** Neighbours of a pack that are read at once. */
export interface PackRun<Blob> {
  readonly offset: number;
  readonly end: number;
  /** In the order of their offsets. */
  readonly blobs: readonly Blob[];
}

/** Puts blobs of one pack together to be read at once. A run is longer than `maxBytes` only for one long blob. */
export function packRuns<Blob extends Pick<PackedBlob, 'offset' | 'length'>>(
  blobs: readonly Blob[],
  maxBytes: number,
): readonly PackRun<Blob>[] {
  const result: { offset: number; end: number; blobs: Blob[] }[] = [];
  for (const blob of blobs.toSorted((a, b) => a.offset - b.offset)) {
    const last = result.at(-1);
    const end = blob.offset + blob.length;
    if (last && blob.offset - last.end <= gapBytes && end - last.offset <= maxBytes) {
      last.end = Math.max(last.end, end);
      last.blobs.push(blob);
    } else result.push({ offset: blob.offset, end, blobs: [blob] });
  }
  return result;
}
