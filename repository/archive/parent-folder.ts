import { isFailure } from '../../contracts/failures.ts';
import type { BlobReader, FileStamp } from '../blobs.ts';
import { NodeLookup } from '../tree/decode.ts';
import type { TreeNode } from '../tree/node.ts';
import { type RawNode, RawTree } from '../tree/raw-tree.ts';

/** A folder of the earlier snapshot. */
export class ParentFolder {
  readonly treeId: string;
  readonly #bytes: Buffer;
  readonly #raw: RawTree;
  /** By name. Made when something has changed. */
  #nodes: NodeLookup | undefined;

  private constructor(bytes: Buffer, treeId: string) {
    this.#bytes = bytes;
    this.treeId = treeId;
    this.#raw = new RawTree(bytes);
  }

  /** @throws {Failure} RepositoryDamaged */
  static async load(reader: BlobReader, treeId: string, signal: AbortSignal): Promise<ParentFolder> {
    return new ParentFolder(await reader.loadBlob('tree', treeId, signal), treeId);
  }

  /** The node with exactly this metadata. */
  match(metadata: Buffer): RawNode | undefined {
    return this.#raw.match(metadata);
  }

  /** Whether all nodes of it were matched, one after the other. */
  get isMatchedWhole(): boolean {
    return this.#raw.isMatchedWhole;
  }

  /** A damaged node is as good as none: its file is stored as if it were new. */
  find(name: Buffer): TreeNode | undefined {
    try {
      this.#nodes ??= new NodeLookup(this.#bytes, this.treeId);
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
  metadata: FileStamp,
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
