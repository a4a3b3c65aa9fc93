import type { CopyDebtReport, CopyRoute, RunBeginning, RunReport } from '../contracts/activities.ts';
import type { HookRequest } from '../contracts/hooks.ts';
import type { ResolvedHost, ResolvedRepository, ResolvedSource } from '../contracts/jobs.ts';
import type { RunLimitsRequest } from '../contracts/limits.ts';
import type { SourcePage } from '../contracts/scheduled-jobs.ts';
import type { Hook } from '../hooks/run.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { Logger } from '../logging/logger.ts';
import type { Maintenance } from '../maintenance/maintenance.ts';
import type { PriceList } from '../policy/cost/prices.ts';
import type { Repository } from '../repository/repository.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import type { DatabaseRestorer } from '../restore/database-restorer.ts';
import type { Restorer } from '../restore/restorer.ts';
import type { Source } from '../sources/source.ts';
import type { StatusFile } from './status-file.ts';

/** What the activities work with; workers/ composes it from the configuration. */
export interface ActivityDependencies {
  readonly names: Names;
  /** Makes a source for one operation; the caller closes it. Secrets are resolved here. */
  createSource(source: string): Promise<Source>;
  /** Finds a hook of the configuration of this host. Secrets are resolved here. */
  createHook(request: Pick<HookRequest, 'source' | 'hook'>): Promise<Hook>;
  /** Makes what restores the snapshots of a source that holds no databases. */
  createRestorer(source: string): Promise<Restorer>;
  /** Makes what restores the databases of the source `source` into the server of the source `to`. */
  createDatabaseRestorer(sources: {
    readonly source: string;
    readonly to: string;
  }): Promise<DatabaseRestorer>;
  /**
   * Opens a repository of the configuration; the caller closes it. Secrets are resolved here. With a run, the
   * limits that people set for that one are kept, too.
   */
  openRepository(repository: string, runId?: string): Promise<Repository>;
  /** Sets the limits of a run on this host. */
  limitRun(request: RunLimitsRequest): Promise<void>;
  /**
   * Makes a repository of the configuration for copies of another, which cut their content alike. The caller
   * closes it.
   * @throws {Failure} RepositoryNotFound when it was there before: its place is empty or not mounted
   */
  createCopyRepository(repository: string, of: Repository): Promise<Repository>;
  /** The locks of a repository's objects; the caller closes them. */
  openObjectLocks(repository: string): Promise<ObjectLocks>;
  /** Those of the configuration, read anew; what is wrong with them is logged, and our list is taken. */
  prices(): Promise<PriceList>;
  readonly status: StatusFile;
  readonly history: RunHistory;
  readonly inspector: Inspector;
  readonly maintenance: Maintenance;
  /**
   * Tells people how a run ended, and outside checks that it did. Made to be called again until it resolves.
   * @throws {Failure} NotificationUnavailable, NotificationRefused
   */
  tell(report: RunReport, signal: AbortSignal): Promise<void>;
  readonly logger: Logger;
  readonly timing: ActivityTiming;
  /** For fault tests: called before and after each step's work, as `before swapDatabases`. */
  readonly failpoint?: (name: string) => Promise<void> | void;
  /** Releases what is open. */
  close(): Promise<void>;
}

/** The history of runs and the audit log. Neither throws: no backup depends on them. */
export interface RunHistory {
  recordStart(run: RunBeginning): Promise<void>;
  recordEnd(report: RunReport): Promise<void>;
  /** The newest restores of a source from a repository that went well; none where the history cannot be read. */
  restores(
    source: string,
    repository: string,
  ): Promise<readonly { readonly bytes: number; readonly seconds: number }[]>;
  /** Enters what a repository holds now. */
  recordSnapshots(repository: string, snapshots: readonly Snapshot[]): Promise<void>;
  /** What the repositories of these routes owe. */
  copyDebt(routes: readonly CopyRoute[]): Promise<CopyDebtReport>;
}

/** Locks that keep the objects of a repository from being removed. */
export interface ObjectLocks {
  renewLocks(now: Date, signal: AbortSignal, onObject: () => void): Promise<{ readonly objects: number }>;
  proveLock(now: Date, signal: AbortSignal): Promise<'refused' | 'deleted'>;
  close(): void;
}

/** What is to be copied to a repository beside what the configuration copies there. */
export interface CopyRequest {
  readonly repository: string;
  readonly sources: readonly string[];
}

/** The configuration as activities ask for it. */
export interface Names {
  /** @throws {Failure} InvalidInput for a name that the configuration does not have */
  resolveSource(source: string, repository?: string): ResolvedSource;
  /** @throws {Failure} InvalidInput for a name that the configuration does not have */
  resolveRepository(repository?: string): ResolvedRepository;
  /** The host of this configuration. */
  resolveHost(): ResolvedHost;
  listSources(request: { readonly after?: string; readonly limit: number }): SourcePage;
  listRepositories(): readonly string[];
  /** Those that the schedule forgets and prunes. */
  listPrunedRepositories(): readonly string[];
  /** Hosts of the sources, and the host of this configuration. */
  listHosts(): readonly ResolvedHost[];
  /** Repositories whose objects are locked. */
  listLockedRepositories(): readonly string[];
  /** Repositories that get copies; `scheduled`, those that have no schedule of their own. */
  listCopyTargets(request: { readonly scheduled: boolean }): readonly string[];
  /** Those that get the newest snapshot of each source once a month. */
  listArchives(): readonly string[];
  /** @throws {Failure} InvalidInput for a name that the configuration does not have */
  listCopyRoutes(request: CopyRequest): readonly CopyRoute[];
}

/** Times in ms. Tests hand in short ones. */
export interface ActivityTiming {
  /** How often a step says that it lives, and how far it is. */
  readonly heartbeatEveryMs: number;
  /** Without any progress for so long, a step is stopped as stalled. */
  readonly stalledAfterMs: number;
  /** A step that was stopped has so long to release what it holds; then it is left to itself. */
  readonly abandonAfterMs: number;
  /** Pause before a full file system is tried again: space comes back by people, not by itself. */
  readonly storageFullRetryMs: number;
}

export const defaultTiming: ActivityTiming = {
  heartbeatEveryMs: 1000,
  stalledAfterMs: 10 * 60_000,
  abandonAfterMs: 60_000,
  storageFullRetryMs: 10 * 60_000,
};
