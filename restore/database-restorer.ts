import type {
  DatabasePlan,
  DatabasePlanRequest,
  DatabaseStepResult,
  PlannedDatabase,
} from '../contracts/database-restore.ts';
import type { Progress, RestoreCheck, Warning } from '../contracts/jobs.ts';
import type { BlobReader } from '../repository/blobs.ts';

/** What each step gets of the world. */
export interface DatabaseWork {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Partial<Omit<Progress, 'phase'>>) => void;
}

/** A step that reads the snapshot. */
export interface SnapshotWork extends DatabaseWork {
  readonly reader: BlobReader;
  /** Root tree of the snapshot. */
  readonly tree: string;
}

/** What a planner knows beside the request: the snapshot that was found. */
export type FoundSnapshot = Pick<DatabasePlan, 'snapshot' | 'snapshotTime' | 'tree'>;

/**
 * The port of the saga that restores databases (workflows/restore-databases.ts): prepare → load each section →
 * finish → compare → swap, and on the way back discard, or later rollBack or dropReplaced.
 *
 * Each step may run twice, be killed at any point and run again: what it finds tells it what is left to do.
 * Until `swap` nothing that existed before is touched, and `swap` and `rollBack` happen as a whole or not at
 * all. Made for one operation; the names of a plan belong to its run alone.
 */
export interface DatabaseRestorer {
  /**
   * Looks, and changes nothing. What stands in the way for good is a blocker of the plan, all of them at once;
   * that the request itself makes no sense is thrown.
   * @throws {Failure} InvalidInput, SourceUnsupported for a snapshot that is none of this kind, SourceUnreachable
   */
  plan(request: DatabasePlanRequest, found: FoundSnapshot, work: SnapshotWork): Promise<DatabasePlan>;

  /**
   * Makes the empty database `beside`, closed to others; one that an earlier attempt has left is dropped.
   * @throws {Failure} TargetUnwritable, StorageFull, SourceUnsupported
   */
  prepare(database: PlannedDatabase, plan: DatabasePlan, work: SnapshotWork): Promise<void>;

  /** Loads a section into `beside`; another attempt goes on after what an earlier one has completed. */
  load(
    part: { readonly database: PlannedDatabase; readonly section: string },
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<DatabaseStepResult>;

  /** Owner, rights, settings and statistics of `beside`. */
  finish(database: PlannedDatabase, plan: DatabasePlan, work: SnapshotWork): Promise<readonly Warning[]>;

  /** Compares `beside` with what the snapshot tells of it. Reads the target, not what was read before. */
  compare(
    database: PlannedDatabase,
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly RestoreCheck[]>;

  /**
   * Gives each `beside` its `target` name, and what bears that name now its `replaced` one; all databases of
   * the plan at once. Sessions of what is replaced are ended. Done already: does nothing.
   * @throws {Failure} TargetConflict if a target appeared that the plan does not replace
   */
  swap(plan: DatabasePlan, work: DatabaseWork): Promise<void>;

  /** Drops each `beside` that is not in place. */
  discard(plan: DatabasePlan, work: DatabaseWork): Promise<void>;

  /**
   * Undoes `swap`: what was replaced gets its name back, and what was restored is `beside` again, for `discard`.
   * @throws {Failure} TargetConflict when what was replaced is not there any more
   */
  rollBack(plan: DatabasePlan, work: DatabaseWork): Promise<void>;

  /** Drops what was replaced. */
  dropReplaced(plan: DatabasePlan, work: DatabaseWork): Promise<void>;

  /** Frees connections and programs; safe to repeat. */
  close(): Promise<void>;
}
