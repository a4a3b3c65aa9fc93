import type { PackedBlob } from '../pack/header.ts';

/** Whether an old program stored a tree without compression: copies are compressed. */
export function isPlainTree({ type, uncompressedLength }: PackedBlob): boolean {
  return type === 'tree' && uncompressedLength === undefined;
}
