import type { Progress, RestoreCheck, Warning } from '../contracts/jobs.ts';
import type { PackedBlobReader } from '../repository/blobs.ts';

/** A restore as every attempt of it sees it. */
export interface RestoreJob {
  readonly reader: PackedBlobReader;
  /** Root tree of the snapshot. */
  readonly tree: string;
  /** As `checkTarget` has returned it. */
  readonly target: string;
  /** Absolute paths of the snapshot; everything when empty. */
  readonly include: readonly string[];
  /** Over what is there, beside which there may be other things. */
  readonly inPlace?: boolean;
  /** Id of the run, the same for each attempt: names what an earlier attempt has left. */
  readonly runId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Partial<Omit<Progress, 'phase'>>) => void;
  readonly onWarning: (warning: Warning) => void;
}

/** What restores the snapshots of a source. Made for one operation. */
export interface Restorer {
  /**
   * Looks whether the target can be used, and changes nothing. Returns its normal form.
   * @throws {Failure} InvalidInput, TargetConflict, TargetUnwritable
   */
  checkTarget(target: string, signal: AbortSignal): Promise<string>;

  /** Restores; a second attempt goes on where, or does anew what, an earlier one of the same run has left. */
  restore(job: RestoreJob): Promise<RestoredCounts>;

  /** Compares what was restored with what the snapshot holds. Reads the target, not what was read before. */
  compare(job: RestoreJob): Promise<readonly RestoreCheck[]>;

  /** Frees connections and programs; safe to repeat. */
  close(): Promise<void>;
}

export interface RestoredCounts {
  readonly files: number;
  readonly bytes: number;
}
