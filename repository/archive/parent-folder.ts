import { isFailure } from '../../contracts/failures.ts';
import type { BlobReader } from '../blobs.ts';
import { NodeLookup } from '../tree/decode.ts';
import type { NodeMetadata, TreeNode } from '../tree/node.ts';

/** A folder of the earlier snapshot, by the names in it. */
export class ParentFolder {
  readonly #nodes: NodeLookup;

  private constructor(nodes: NodeLookup) {
    this.#nodes = nodes;
  }

  /** @throws {Failure} RepositoryDamaged */
  static async load(reader: BlobReader, treeId: string, signal: AbortSignal): Promise<ParentFolder> {
    return new ParentFolder(new NodeLookup(await reader.loadBlob('tree', treeId, signal), treeId));
  }

  /** A damaged node is as good as none: its file is stored as if it were new. */
  find(name: Buffer): TreeNode | undefined {
    try {
      return this.#nodes.find(name);
    } catch (error) {
      if (isFailure(error, 'RepositoryDamaged')) return undefined;
      throw error;
    }
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
