import type { HookResult, ResolvedHook } from './hooks.ts';

/** Plain JSON that passes between workflows, activities, CLI and API. Times are ISO strings in UTC. */

export type SourceKind =
  | 'postgres'
  | 'postgres-physical'
  | 'postgres-wal'
  | 'mysql'
  | 'files'
  | 'config'
  | 'volume'
  | 'kubernetes'
  | 'command'
  | 'resguardo';

/** Kinds of sources whose snapshots hold databases. */
export const databaseKinds: readonly SourceKind[] = ['postgres', 'mysql'];

/** What a workflow needs to know of a source; holds no secret. */
export interface ResolvedSource {
  readonly source: string;
  readonly kind: SourceKind;
  /** Host whose worker reads the data. */
  readonly host: string;
  /** Task queue of that host. */
  readonly queue: string;
  /** Repository name of the configuration. */
  readonly repository: string;
  /** Whether data of that repository lies in a class that has to be thawed first. */
  readonly mayBeFrozen?: boolean;
  /** Further repositories that get a copy of each snapshot, by their names. */
  readonly copies: readonly string[];
  /** `paths` of the snapshots, constant for a source. */
  readonly paths: readonly string[];
  /** User name written into snapshots. */
  readonly username: string;
  readonly programVersion: string;
  /** Tags of the configuration that every snapshot of the source gets. */
  readonly tags: readonly string[];
  /** Silence of a worker after which its step is given to another, in ms. */
  readonly heartbeatTimeoutMs: number;
  /** Time after which a host that takes no step counts as offline, in ms. */
  readonly hostTimeoutMs: number;
  /** Absent when there are none. */
  readonly hooks?: readonly ResolvedHook[];
  /** Hooks around restores into its place. */
  readonly restoreHooks?: readonly ResolvedHook[];
}

/** A host as a workflow needs to know it. */
export interface ResolvedHost {
  readonly host: string;
  /** Task queue of that host. */
  readonly queue: string;
  readonly heartbeatTimeoutMs: number;
  readonly hostTimeoutMs: number;
}

/** A repository, and a host that reaches it; holds no secret. */
export interface ResolvedRepository extends ResolvedHost {
  readonly repository: string;
}

/** Something that a person should know and that did not stop the run. */
export interface Warning {
  /** Path or object that the warning is about. */
  readonly subject: string;
  readonly message: string;
}

export interface PreflightReport {
  /** For people: "PostgreSQL 17.11, 2 databases, 1.4 GB". */
  readonly description: string;
  /** Estimate of the bytes to read, when the source can tell. */
  readonly expectedBytes?: number;
  /** What will be missing in the backup. */
  readonly warnings?: readonly Warning[];
}

/** Counts of a backup, with the meaning of restic's snapshot summary. Sizes in bytes. */
export interface BackupSummary {
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  readonly dirsNew: number;
  readonly dirsChanged: number;
  readonly dirsUnmodified: number;
  readonly dataBlobs: number;
  readonly treeBlobs: number;
  /** Bytes of new blobs before compression. */
  readonly dataAdded: number;
  /** Bytes of new blobs as stored. */
  readonly dataAddedPacked: number;
  readonly totalFilesProcessed: number;
  readonly totalBytesProcessed: number;
}

export interface CaptureResult {
  /** Id of the root tree, 64 hex digits. */
  readonly tree: string;
  /** Snapshot that unchanged files were compared with. */
  readonly parent?: string;
  readonly summary: BackupSummary;
  /** The first 100; `warningCount` counts all. */
  readonly warnings: readonly Warning[];
  readonly warningCount: number;
  /** Packs of an earlier attempt that were found and used. */
  readonly adoptedPacks: number;
}

/** A snapshot as the workflow fixes it; every attempt to commit it writes the same bytes. */
export interface SnapshotDraft {
  readonly time: string;
  readonly tree: string;
  readonly parent?: string;
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly username: string;
  readonly tags: readonly string[];
  readonly programVersion: string;
  readonly backupStart: string;
  readonly backupEnd: string;
  readonly summary: BackupSummary;
}

/** Result of the workflow `backupSource`. */
export interface BackupResult {
  readonly source: string;
  readonly kind: SourceKind;
  readonly repository: string;
  /** Snapshot id, 64 hex digits. */
  readonly snapshot: string;
  readonly status: 'done' | 'partial';
  /** Repositories whose copies of it are made by runs of their own, `replicate/<repository>`. */
  readonly copies: readonly string[];
  readonly summary: BackupSummary;
  readonly warnings: readonly Warning[];
  readonly warningCount: number;
  /** Hooks that were run, in order; absent when there are none. */
  readonly hooks?: readonly HookResult[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** One table or file set that was compared after a restore. */
export interface RestoreCheck {
  readonly subject: string;
  readonly passed: boolean;
  /** "200000 rows, content equal". */
  readonly detail: string;
}

/** Result of the workflow `restore`. */
export interface RestoreResult {
  readonly source: string;
  readonly snapshot: string;
  readonly target: string;
  readonly files: number;
  readonly bytes: number;
  readonly checks: readonly RestoreCheck[];
  readonly warnings: readonly Warning[];
  /** Snapshot of what was there, taken before it was replaced. */
  readonly safetySnapshot?: string;
  /** What was replaced, and how to get it back. */
  readonly replaced?: ReplacedDatabases;
  /** How its hooks have ended; absent when it has none. */
  readonly hooks?: readonly HookResult[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface ReplacedDatabases {
  /** Name of the restore, for `resguardo rollback`. */
  readonly restore: string;
  readonly databases: readonly { readonly target: string; readonly keptAs: string }[];
  /** When they are removed; ISO, UTC. */
  readonly until: string;
}

/** Result of the workflow `replicate` for one repository. */
export interface ReplicationResult {
  /** Repository that has the copies. */
  readonly repository: string;
  /** Snapshots that were copied by this run. */
  readonly snapshots: number;
  readonly blobs: number;
  /** Bytes of these blobs as they are stored. */
  readonly bytes: number;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Result of the workflow `verification`. */
export interface VerificationResult {
  readonly repository: string;
  readonly snapshots: number;
  readonly packs: number;
  readonly blobs: number;
  /** Pack bytes that were read and decrypted. */
  readonly bytesRead: number;
  /** One sentence for each damage; empty when all is well. The first 100. */
  readonly damages: readonly string[];
  readonly damageCount: number;
  /** What a person may want to know and that is no damage: what lies in an archive class and was not read. */
  readonly notes?: readonly string[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Progress of the step under way: heartbeat details of an activity, answer of the query `progress`. */
export interface Progress {
  readonly phase: Phase;
  readonly filesDone: number;
  readonly bytesDone: number;
  readonly bytesStored: number;
  readonly totalBytes?: number;
  readonly totalFiles?: number;
  /** File or database under way. */
  readonly current?: string;
}

export type Phase =
  | 'starting'
  | 'hook'
  | 'preflight'
  | 'capture'
  | 'commit'
  | 'check'
  | 'confirm'
  | 'safety'
  | 'copy'
  | 'lock'
  | 'waiting'
  | 'restore'
  | 'compare'
  | 'swap'
  | 'discard'
  | 'keep'
  | 'sources'
  | 'repositories'
  | 'inspect'
  | 'report'
  | 'forget'
  | 'prune'
  | 'sweep'
  | 'notify'
  | 'finished';
