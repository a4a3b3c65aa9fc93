import type { BlobReader } from '../repository/blobs.ts';
import { loadTree } from '../repository/tree/load-tree.ts';
import type { TreeNode } from '../repository/tree/node.ts';
import { manifestFile, tocFile } from '../sources/describing-files.ts';

/**
 * Ids of the blobs with what tells of the dumps of a snapshot: the manifest of the server, and the table of contents of
 * each database. A restore is planned with them, and they are small beside the rest.
 * @throws {Failure} RepositoryDamaged, PathEscape
 */
export async function describingBlobs(
  reader: BlobReader,
  tree: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { subtree } of await loadTree(reader, tree, signal)) {
    const nodes = subtree === undefined ? [] : await loadTree(reader, subtree, signal);
    const manifest = nodes.find((node) => nameOf(node) === manifestFile);
    if (manifest === undefined) continue;
    found.push(...(manifest.content ?? []));
    for (const { subtree: dump } of nodes) {
      if (dump === undefined) continue;
      const toc = (await loadTree(reader, dump, signal)).find((node) => nameOf(node) === tocFile);
      found.push(...(toc?.content ?? []));
    }
  }
  return found;
}

function nameOf({ name }: TreeNode): string {
  return name.toString();
}
