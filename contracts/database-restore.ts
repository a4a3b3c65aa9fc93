import type { HookResult } from './hooks.ts';
import type { ResolvedSource, Warning } from './jobs.ts';
import type { ThawStatus } from './thaw.ts';

/** What the saga that restores databases passes between its steps. Plain JSON; times are ISO, UTC; holds no secret. */

export interface DatabasePlanRequest {
  /** Source whose snapshot is restored. */
  readonly source: ResolvedSource;
  /** Source whose server takes the databases: the same, unless another server was asked for. */
  readonly to: ResolvedSource;
  /** Snapshot id, a unique prefix of one, or `latest`. */
  readonly snapshot: string;
  /** Name that the restored database shall have; its own when left out. */
  readonly target?: string;
  /** Databases by name or by path in the snapshot; all of them when empty. */
  readonly include: readonly string[];
  /** Tables as `schema.table` (or `table`), which come with what they need; whole databases when empty. */
  readonly tables: readonly string[];
  /** Role that shall own everything, instead of the recorded owners. */
  readonly owner?: string;
  /** Names that roles have at the target, by their recorded ones (PostgreSQL). */
  readonly mapRoles?: Readonly<Record<string, string>>;
  /** Workflow run id, the same for each attempt: the names of what is made are derived from it. */
  readonly runId: string;
  /** When the run began: part of those names. */
  readonly startedAt: string;
}

/** What a restore of databases will do, decided once so that every step and every attempt does the same. */
export interface DatabasePlan extends Omit<DatabasePlanRequest, 'target'> {
  /** Whole id. */
  readonly snapshot: string;
  readonly snapshotTime: string;
  /** Root tree of the snapshot. */
  readonly tree: string;
  /** For people: "PostgreSQL 17.11 at db1:5432". */
  readonly server: string;
  readonly databases: readonly PlannedDatabase[];
  /** Absolute paths in the snapshot that the restore reads, with what is below them: so much has to be thawed. */
  readonly reads: readonly string[];
  /** Why it cannot be done; empty when it can. */
  readonly blockers: readonly string[];
  readonly warnings: readonly Warning[];
  readonly forecast?: RestoreForecast;
  /** How far what is read can be read, where data lies in an archive class. */
  readonly thaw?: ThawStatus;
}

export interface RestoreForecast {
  /** Bytes of the dump, as they are loaded. */
  readonly loadBytes: number;
  /** Bytes that come from the repository, as they are stored. */
  readonly storedBytes: number;
  readonly seconds: number;
  /** What the time is known from, for people. */
  readonly basis: string;
  /** How fast the repository gave the first part of the dump, decompressed. */
  readonly readBytesPerSecond?: number;
  /** What the provider asks for the bytes on their way out, at list prices; absent where it asks for nothing. */
  readonly egressUsd?: number;
  /** Month of that price. */
  readonly pricesAsOf?: string;
}

export interface PlannedDatabase {
  /** Name in the snapshot. */
  readonly name: string;
  /** Name that it shall have. */
  readonly target: string;
  /** Name until it is whole and checked: `<target>__restore_<time>_<digest of run and target>`. */
  readonly beside: string;
  /** Name that what stands in the way is kept under; absent when nothing does. */
  readonly replaced?: string;
  /** Bytes that are read from the repository, before decompression. */
  readonly bytes: number;
  /** Bytes that the database took when it was backed up: space that the target needs. */
  readonly sizeBytes: number;
  /** Parts that are loaded one after the other, each a step that can be done again. */
  readonly sections: readonly string[];
  /** Set when the target stays and only these tables of it are put in place; `beside` is a scratch database then. */
  readonly tables?: PlannedTables;
}

/** Tables that are restored beside those of a database in use, and change places with them. */
export interface PlannedTables {
  /** The chosen ones, and the partitions that the snapshot has of them. */
  readonly chosen: readonly TableName[];
  readonly schemas: readonly PlannedSchema[];
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** A schema with chosen tables, and the schemas beside it. */
export interface PlannedSchema {
  readonly schema: string;
  /** Where its tables are until they are whole and checked. */
  readonly beside: string;
  /** Where those that they replace are kept. */
  readonly replaced: string;
}

/** One database of a plan, for a step that works on it. */
export interface DatabaseStep {
  readonly plan: DatabasePlan;
  readonly database: PlannedDatabase;
}

export interface SectionStep extends DatabaseStep {
  readonly section: string;
}

export interface DatabaseStepResult {
  /** Bytes of the dump that were loaded. */
  readonly bytes: number;
  readonly warnings: readonly Warning[];
}

/** Answer of the update `rollback`: the run that puts back. */
export interface RollBackRun {
  readonly workflowId: string;
  readonly runId: string;
}

/** Result of the workflows `keepReplaced` and `rollBackRestore`. */
export interface ReplacedResult {
  readonly restore: string;
  /** `kept`: files whose time is over stay in their snapshot. */
  readonly outcome: 'removed' | 'rolled back' | 'kept';
  readonly databases: readonly string[];
  /** Files and folders that were put back. */
  readonly paths?: readonly string[];
  /** Of hooks that failed and need not end the run; absent when there are none. */
  readonly warnings?: readonly Warning[];
  /** How its hooks have ended; absent when it has none. */
  readonly hooks?: readonly HookResult[];
  readonly startedAt: string;
  readonly finishedAt: string;
}
