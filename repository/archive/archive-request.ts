import type { BackupSummary, Warning } from '../../contracts/jobs.ts';
import type { BlobReader, BlobWriter } from '../blobs.ts';
import type { UtcOffset } from '../tree/time.ts';
import type { Entry } from './entry.ts';
import type { FileComparison } from './parent-folder.ts';
import type { ItemChange } from './summary.ts';

export interface ArchiveRequest {
  readonly repository: BlobReader;
  readonly writer: BlobWriter;
  /** Top entries of the snapshot. */
  readonly roots: AsyncIterable<Entry> | Iterable<Entry>;
  /** Root tree of an earlier snapshot: files that have not changed since are not read again. */
  readonly parentTree?: string;
  /** How files are compared with it; by size, times and inode when left out. */
  readonly comparison?: FileComparison;
  readonly signal: AbortSignal;
  /** Called about ten times a second, and at the end. */
  readonly onProgress?: (progress: ArchiveProgress) => void;
  /** Called for each file and folder that is stored or was found unmodified. */
  readonly onItem?: (item: ArchivedItem) => void;
  /** What could not be stored, or not as it was; the run goes on. */
  readonly onWarning?: (warning: Warning) => void;
  /** An index is written whenever so many bytes were stored since the last one, or five minutes went by. */
  readonly checkpointEveryBytes?: number;
  /** Large files and streams that are read at the same time; small files are read many together. */
  readonly filesInFlight?: number;
  /** Time zone of the times in trees; that of the process when left out. */
  readonly utcOffset?: UtcOffset;
}

export interface ArchiveProgress {
  readonly filesDone: number;
  readonly bytesDone: number;
  readonly bytesStored: number;
  /** Path of the item under way. */
  readonly current: string;
}

export interface ArchivedItem {
  /** A folder's ends with a slash. */
  readonly path: string;
  readonly change: ItemChange;
  readonly sizeBytes: number;
}

export interface ArchiveResult {
  /** Id of the root tree. */
  readonly tree: string;
  readonly summary: BackupSummary;
}
