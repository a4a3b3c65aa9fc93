import type {
  DatabasePlan,
  DatabasePlanRequest,
  DatabaseStep,
  DatabaseStepResult,
  SectionStep,
} from './database-restore.ts';
import type { HookRequest } from './hooks.ts';
import type { ReplacedFiles } from './inputs.ts';
import type {
  CaptureResult,
  PreflightReport,
  ResolvedHost,
  ResolvedRepository,
  ResolvedSource,
  RestoreCheck,
  SnapshotDraft,
  VerificationResult,
  Warning,
} from './jobs.ts';
import type { RunLimitsRequest } from './limits.ts';
import type { WorkflowType } from './messages.ts';
import type {
  ForgetResult,
  HostSweepResult,
  InspectionResult,
  PruneStepResult,
  ReportResult,
  RepositorySweepResult,
  SourcePage,
} from './scheduled-jobs.ts';
import type { ThawRequest, ThawStatus } from './thaw.ts';

/** A run that began, for the history of runs. */
export interface RunBeginning {
  readonly workflow: WorkflowType;
  readonly workflowId: string;
  readonly runId: string;
  /** Source or repository that the run is about, or what a run over all of them is called. */
  readonly subject: string;
  readonly startedAt: string;
  readonly kind?: string;
  readonly host?: string;
  readonly repository?: string;
  /** Schedule that started it, by its id. */
  readonly schedule?: string;
}

/** A finished run, told to people and to the status file. */
export interface RunReport extends RunBeginning {
  readonly status: 'done' | 'partial' | 'failed' | 'cancelled';
  readonly finishedAt: string;
  readonly snapshot?: string;
  /** Bytes read from the source. */
  readonly bytesProcessed?: number;
  /** Bytes of new data as stored. */
  readonly bytesAdded?: number;
  /** Bytes of new data before compression. */
  readonly bytesNew?: number;
  readonly files?: number;
  readonly warnings?: readonly Warning[];
  readonly warningCount?: number;
  /** Runs of their own have told people of the trouble already: this one is not to be told beside them. */
  readonly isToldElsewhere?: boolean;
  /** For a failed run: what failed, on what, why. */
  readonly message?: string;
  readonly advice?: string;
  /** For a failed run: type of its failure (contracts/failures.ts). */
  readonly failure?: string;
}

export interface CaptureInput {
  readonly source: ResolvedSource;
  /** Workflow run id, the same for each attempt. */
  readonly runId: string;
}

export interface CommitInput {
  readonly repository: string;
  readonly draft: SnapshotDraft;
}

export interface CheckInput {
  readonly repository: string;
  /** Checks this snapshot alone, or all of them. */
  readonly snapshot?: string;
  readonly readDataPercent: number;
  /** Reads the packs of this part instead of a random choice: parts 0 to `of` - 1 together are all data. */
  readonly readDataPart?: { readonly part: number; readonly of: number };
}

/** Snapshots of which sources go from one repository to another. */
export interface CopyRoute {
  readonly from: string;
  readonly to: string;
  readonly sources: readonly string[];
  /** An archive gets the newest of each source alone, and not all that came since the last time. */
  readonly newestOnly?: boolean;
}

/** How far a repository is behind with its copies; all sources together. */
export interface CopyDebtReport {
  readonly snapshots: number;
  /** Bytes of new data of these snapshots, as stored where they are. */
  readonly bytes: number;
  /** For people, one sentence. */
  readonly description: string;
}

/** What a step of copying has done. */
export interface CopyStepResult {
  readonly snapshots: number;
  readonly blobs: number;
  readonly bytes: number;
  /** A sentence for each snapshot that cannot be copied because it is damaged where it is. The first 20. */
  readonly damages: readonly string[];
  readonly damageCount: number;
}

/** `at` is the time of the run: locks last from then on. */
export interface LockRequest {
  readonly repository: string;
  readonly at: string;
}

export interface LockRenewal {
  readonly repository: string;
  /** Objects that are locked anew. */
  readonly objects: number;
}

/** `at` is the time of the run, the same for each attempt, ISO in UTC. */
export interface InspectionInput {
  readonly at: string;
}

/** `at` is the time of the run, the same for each attempt, ISO in UTC. */
export interface RetentionRequest {
  readonly repository: string;
  readonly at: string;
  readonly dryRun: boolean;
  /** Schedule that has started the run, by its id. */
  readonly schedule?: string;
}

export interface RestoreRequest {
  readonly source: ResolvedSource;
  /** Snapshot id, a unique prefix of one, or `latest`. */
  readonly snapshot: string;
  readonly target: string;
  /** Over what is there, where it was: the target is `/`. */
  readonly inPlace?: boolean;
  /** In place, everything that the snapshot has of its paths when empty. */
  readonly include: readonly string[];
  /** Included paths that the snapshot does not have are passed over. */
  readonly passesOverMissing?: boolean;
  /** Workflow run id: a second attempt recognises by it what the first one left. */
  readonly runId: string;
}

/** What a restore will do, decided once so that each attempt does the same. `snapshot` is a whole id. */
export interface RestorePlan extends RestoreRequest {
  readonly tree: string;
  readonly snapshotTime: string;
  /** In place: whether something of it is there, which the restore may overwrite. */
  readonly isThere?: boolean;
}

/** What a restore in place would do, and the backup of what is there; undefined when nothing was. */
export interface SafetyRequest {
  readonly plan: RestorePlan;
  readonly safety?: ReplacedFiles;
}

export interface RestoreStepResult {
  readonly files: number;
  readonly bytes: number;
  readonly warnings: readonly Warning[];
}

/** Activities of the queue `resguardo`. */
export interface ControlActivities {
  /** `repository`: that snapshots are read from, instead of its own. */
  resolveSource(source: string, repository?: string): Promise<ResolvedSource>;
  resolveRepository(repository?: string): Promise<ResolvedRepository>;
  /** The host of the control worker, which reaches every repository. */
  resolveHost(): Promise<ResolvedHost>;
  /** Up to `limit` sources, from the one after `after` in the order of names. */
  listSources(request: { readonly after?: string; readonly limit: number }): Promise<SourcePage>;
  listRepositories(): Promise<readonly string[]>;
  /** Those that the schedule forgets and prunes. */
  listPrunedRepositories(): Promise<readonly string[]>;
  /** Hosts of the sources, and that of the control worker. */
  listHosts(): Promise<readonly ResolvedHost[]>;
  /** Repositories whose objects are locked. */
  listLockedRepositories(): Promise<readonly string[]>;
  /** Repositories that get copies; `scheduled`, those that have no schedule of their own. */
  listCopyTargets(request: { readonly scheduled: boolean }): Promise<readonly string[]>;
  /** Repositories that get the newest snapshot of each source once a month. */
  listArchives(): Promise<readonly string[]>;
  /** Where the copies of a repository come from; `sources` are copied there beside those of the configuration. */
  listCopyRoutes(request: {
    readonly repository: string;
    readonly sources: readonly string[];
  }): Promise<readonly CopyRoute[]>;
  /** What is to be copied, as far as the catalog knows; a catalog that cannot be read does not fail it. */
  describeCopyDebt(routes: readonly CopyRoute[]): Promise<CopyDebtReport>;
  /** Enters the beginning of a run into the history; a history that cannot be written does not fail it. */
  recordStart(run: RunBeginning): Promise<void>;
  notify(report: RunReport): Promise<void>;
}

/** Activities of a host's queue. Each may run twice, be killed in the middle and be cancelled late. */
export interface HostActivities {
  preflight(source: ResolvedSource): Promise<PreflightReport>;
  capture(input: CaptureInput): Promise<CaptureResult>;
  /** Runs a program of the user, which runs again when the worker was lost in the middle. */
  runHook(request: HookRequest): Promise<{ readonly seconds: number }>;
  /** Changes what a capture under way, or one that is to come, may take of the network. */
  limitRun(request: RunLimitsRequest): Promise<void>;
  /** Writes the snapshot; the same draft gives the same id, and is stored once. */
  commitSnapshot(input: CommitInput): Promise<{ readonly snapshot: string }>;
  check(input: CheckInput): Promise<VerificationResult>;
  /** Locks every object anew, and proves that a locked one cannot be removed. */
  renewObjectLocks(request: LockRequest): Promise<LockRenewal>;
  /** Copies the snapshots that the other repository lacks; makes the repository when it was never there. */
  copySnapshots(route: CopyRoute): Promise<CopyStepResult>;
  /** Looks how much of a snapshot can be read, and asks for the rest if that is wanted. */
  thawSnapshot(request: ThawRequest): Promise<ThawStatus>;
  planRestore(request: RestoreRequest): Promise<RestorePlan>;
  /** Looks whether all that would be overwritten is in the backup of it; warns of what was written to since. */
  checkSafety(request: SafetyRequest): Promise<readonly Warning[]>;
  restoreSnapshot(plan: RestorePlan): Promise<RestoreStepResult>;
  compareRestored(plan: RestorePlan): Promise<readonly RestoreCheck[]>;
  planDatabases(request: DatabasePlanRequest): Promise<DatabasePlan>;
  /** Makes the empty database beside the target. */
  prepareDatabase(step: DatabaseStep): Promise<void>;
  loadSection(step: SectionStep): Promise<DatabaseStepResult>;
  /** Owner, rights, settings and statistics of the restored database. */
  finishDatabase(step: DatabaseStep): Promise<readonly Warning[]>;
  compareDatabase(step: DatabaseStep): Promise<readonly RestoreCheck[]>;
  /** Puts all databases of the plan in place, at once or not at all. */
  swapDatabases(plan: DatabasePlan): Promise<void>;
  /** Drops what was restored and is not in place. */
  discardDatabases(plan: DatabasePlan): Promise<void>;
  /** Undoes the swap. */
  rollBackDatabases(plan: DatabasePlan): Promise<void>;
  /** Drops what the swap has replaced. */
  dropReplaced(plan: DatabasePlan): Promise<void>;
  /** Looks for what nobody should have changed, and for what is missing; tells people what is new. */
  monitorSecurity(input: InspectionInput): Promise<InspectionResult>;
  /** Compares what there is with what the policies promise; tells people what is new. */
  checkCompliance(input: InspectionInput): Promise<InspectionResult>;
  /** Writes the report of the runs of the last day. */
  writeReport(input: InspectionInput): Promise<ReportResult>;
  /** Removes the snapshots that no policy keeps. A second attempt plans again, and removes what is left. */
  forgetSnapshots(request: RetentionRequest): Promise<ForgetResult>;
  /** Removes what no snapshot needs. */
  pruneRepository(request: RetentionRequest): Promise<PruneStepResult>;
  /** Removes stale locks and what crashed writers left in a repository. */
  sweepRepository(request: { readonly repository: string }): Promise<RepositorySweepResult>;
  /** Removes what dead runs left on this host. */
  sweepHost(): Promise<HostSweepResult>;
}
