import { Failure } from '../contracts/failures.ts';
import type { BlobReader } from './blobs.ts';
import type { TreeNode } from './tree/node.ts';

/** Blobs that are read ahead of the one that is used. */
const readAhead = 4;

/**
 * Content of a file, blob by blob, each verified.
 * @throws {Failure} RepositoryDamaged
 */
export async function* readFile(
  reader: BlobReader,
  node: TreeNode,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (node.type !== 'file' || !node.content) {
    throw new Failure('InvalidInput', `${node.name.toString('utf8')} is no file.`);
  }
  const loading: Promise<Buffer>[] = [];
  for (const id of node.content) {
    const blob = reader.loadBlob('data', id, signal);
    // Whoever awaits the blob sees its error; nobody does after the first one.
    blob.catch(() => {});
    loading.push(blob);
    const next = loading.length > readAhead ? loading.shift() : undefined;
    if (next) yield await next;
  }
  for (const blob of loading) yield await blob;
}
