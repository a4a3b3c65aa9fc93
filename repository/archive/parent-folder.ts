import type { BlobReader } from '../blobs.ts';
import { loadTree } from '../tree/load-tree.ts';
import type { NodeMetadata, TreeNode } from '../tree/node.ts';

/** A folder of the earlier snapshot, by the names in it. */
export class ParentFolder {
  readonly #nodes: ReadonlyMap<string, TreeNode>;

  private constructor(nodes: ReadonlyMap<string, TreeNode>) {
    this.#nodes = nodes;
  }

  /** @throws {Failure} RepositoryDamaged, PathEscape */
  static async load(reader: BlobReader, treeId: string, signal: AbortSignal): Promise<ParentFolder> {
    const nodes = await loadTree(reader, treeId, signal);
    return new ParentFolder(new Map(nodes.map((node) => [node.name.toString('latin1'), node])));
  }

  find(name: Buffer): TreeNode | undefined {
    return this.#nodes.get(name.toString('latin1'));
  }
}

/** What of a file need not be as it was. Some file systems in the network change it by themselves. */
export interface FileComparison {
  readonly ignoreCtime?: boolean;
  /** The time of the last change too. */
  readonly ignoreInode?: boolean;
}

/** Whether a file's content is surely that of the earlier node: restic's test. */
export function isUnchanged(
  metadata: NodeMetadata,
  previous: TreeNode,
  { ignoreCtime = false, ignoreInode = false }: FileComparison = {},
): boolean {
  return (
    previous.type === 'file' &&
    previous.content !== undefined &&
    previous.size === metadata.size &&
    previous.mtimeNs === metadata.mtimeNs &&
    (ignoreCtime || ignoreInode || previous.ctimeNs === metadata.ctimeNs) &&
    (ignoreInode || previous.inode === metadata.inode)
  );
}
