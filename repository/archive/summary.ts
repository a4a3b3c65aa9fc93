import type { BackupSummary } from '../../contracts/jobs.ts';
import type { SavedBlob, SavedContent } from '../blobs.ts';

export type ItemChange = 'new' | 'changed' | 'unmodified';

/** Counts of a run under way, with the meaning of restic's snapshot summary. */
export class SummaryCounter {
  readonly #files = { new: 0, changed: 0, unmodified: 0 };
  readonly #dirs = { new: 0, changed: 0, unmodified: 0 };
  #dataBlobs = 0;
  #treeBlobs = 0;
  #dataAdded = 0;
  #dataAddedPacked = 0;
  #bytesProcessed = 0;

  /** Bytes of new blobs as stored. */
  get storedBytes(): number {
    return this.#dataAddedPacked;
  }

  get filesDone(): number {
    return this.#files.new + this.#files.changed + this.#files.unmodified;
  }

  file(change: ItemChange, sizeBytes: bigint): void {
    this.#files[change] += 1;
    this.#bytesProcessed += Number(sizeBytes);
  }

  directory(change: ItemChange): void {
    this.#dirs[change] += 1;
  }

  content(saved: SavedContent): void {
    this.#dataBlobs += saved.newBlobs;
    this.#dataAdded += saved.addedBytes;
    this.#dataAddedPacked += saved.storedBytes;
  }

  tree(saved: SavedBlob): void {
    if (saved.isNew) this.#treeBlobs += 1;
    this.#dataAdded += saved.addedBytes;
    this.#dataAddedPacked += saved.storedBytes;
  }

  summary(): BackupSummary {
    return {
      filesNew: this.#files.new,
      filesChanged: this.#files.changed,
      filesUnmodified: this.#files.unmodified,
      dirsNew: this.#dirs.new,
      dirsChanged: this.#dirs.changed,
      dirsUnmodified: this.#dirs.unmodified,
      dataBlobs: this.#dataBlobs,
      treeBlobs: this.#treeBlobs,
      dataAdded: this.#dataAdded,
      dataAddedPacked: this.#dataAddedPacked,
      totalFilesProcessed: this.filesDone,
      totalBytesProcessed: this.#bytesProcessed,
    };
  }
}
