import type { BlobNumbers } from '../blob-numbers.ts';
import type { BlobReader } from '../blobs.ts';
import { loadTree } from '../tree/load-tree.ts';

/**
 * Adds a tree and all that is below it to the set. A tree that is in it is not followed again.
 * @throws {Failure} RepositoryDamaged, PathEscape
 */
export async function addUsedBlobs(
  used: BlobNumbers,
  { reader, tree }: { readonly reader: BlobReader; readonly tree: string },
  signal: AbortSignal,
): Promise<void> {
  const waiting = used.add('tree', tree) ? [tree] : [];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    signal.throwIfAborted();
    for (const { content = [], subtree } of await loadTree(reader, id, signal)) {
      for (const blob of content) used.add('data', blob);
      if (subtree !== undefined && used.add('tree', subtree)) waiting.push(subtree);
    }
  }
}
