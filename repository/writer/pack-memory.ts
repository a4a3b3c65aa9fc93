import { pageBuffer } from '../../posix/page-memory.ts';
import { maxChunkBytes } from '../chunker/chunker.ts';
import { packBufferBytes } from '../pack/pack-builder.ts';
import { BufferPool } from './buffer-pool.ts';

/** Largest content for which memory of a pack has room behind the last that fits: a chunk that did not compress. */
export const pooledContentBytes = maxChunkBytes;

/**
 * Memory for a number of packs that are full at `packBytes`. What is given back last is lent first: a store that is as
 * fast as those who fill packs leaves most of it untouched.
 */
export function packMemory(packs: number, packBytes: number): BufferPool {
  return new BufferPool(packs, packBufferBytes(packBytes, pooledContentBytes), pageBuffer);
}
