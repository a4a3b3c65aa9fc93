import type { Warning } from '../../contracts/jobs.ts';
import type { PackedBlobReader } from '../blobs.ts';
import type { TreeNode } from '../tree/node.ts';
import type { OverwriteMode } from './existing-file.ts';

export interface RestoreRequest {
  readonly reader: PackedBlobReader;
  /** Root tree of the snapshot. */
  readonly tree: string;
  /** Folder that becomes the root; made when missing. */
  readonly target: string;
  /** Absolute paths in the snapshot that are restored with what is below them; everything when left out. */
  readonly include?: readonly (string | Buffer)[];
  /** Leaves out what it is true for, with what is below it. */
  readonly exclude?: (path: string) => boolean;
  /** What becomes of items that are there. Left out, the target has to be empty. */
  readonly overwrite?: OverwriteMode;
  /** Removes what is in restored folders of the target and not in those of the snapshot. */
  readonly deleteExtra?: boolean;
  /** Changes what is known of an item before it is restored: its owner, its attributes. */
  readonly adapt?: (node: TreeNode) => TreeNode;
  /** Reads every restored file again, and compares it. */
  readonly verify?: boolean;
  readonly signal: AbortSignal;
  /** Called about ten times a second, and at the end. */
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** What could not be restored as it was. */
  readonly onWarning?: (warning: Warning) => void;
}

export interface RestoreProgress {
  readonly filesDone: number;
  readonly bytesDone: number;
  readonly current: string;
}

export interface RestoreTotals {
  /** Regular files, each hard link counted. */
  readonly files: number;
  readonly bytes: number;
  /** Files that stay as they were, because of the overwrite mode. */
  readonly filesSkipped: number;
  /** Bytes that were there already. */
  readonly bytesSkipped: number;
  /** Items that were removed from the target. */
  readonly deleted: number;
}
