import type { Warning } from '../../contracts/jobs.ts';
import type { PackedBlobReader } from '../blobs.ts';

export interface RestoreRequest {
  readonly reader: PackedBlobReader;
  /** Root tree of the snapshot. */
  readonly tree: string;
  /** Folder that becomes the root; made when missing. */
  readonly target: string;
  /** Absolute paths in the snapshot that are restored with what is below them; everything when left out. */
  readonly include?: readonly (string | Buffer)[];
  /** Replaces files that are there, and keeps what the snapshot does not name. Otherwise the target is empty. */
  readonly overwrite?: boolean;
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
}
