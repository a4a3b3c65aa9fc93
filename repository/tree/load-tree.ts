import { Failure } from '../../contracts/failures.ts';
import type { BlobReader } from '../blobs.ts';
import { shortId } from '../ids.ts';
import { decodeTree } from './decode.ts';
import type { TreeNode } from './node.ts';

/**
 * Loads and decodes a tree.
 * @throws {Failure} RepositoryDamaged, PathEscape
 */
export async function loadTree(
  reader: BlobReader,
  id: string,
  signal?: AbortSignal,
): Promise<readonly TreeNode[]> {
  if (!reader.hasBlob('tree', id)) {
    throw new Failure('RepositoryDamaged', `No index names the tree ${shortId(id)}.`);
  }
  return decodeTree(await reader.loadBlob('tree', id, signal), id);
}
