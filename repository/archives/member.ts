import type { TreeNode } from '../tree/node.ts';

/** An item that goes into an archive. */
export interface ArchiveMember {
  /** Path in the archive, without a slash at either end. */
  readonly path: Buffer;
  readonly node: TreeNode;
  /** Content of a file, blob by blob. */
  readonly content: () => AsyncIterable<Uint8Array>;
}
