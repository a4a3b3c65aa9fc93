import type {
  CaptureResult,
  PreflightReport,
  ResolvedRepository,
  ResolvedSource,
  RestoreCheck,
  SnapshotDraft,
  VerificationResult,
  Warning,
} from './jobs.ts';
import type { WorkflowType } from './messages.ts';

/** A finished run, told to people and to the status file. */
export interface RunReport {
  readonly workflow: WorkflowType;
  readonly workflowId: string;
  readonly runId: string;
  /** Source or repository that the run was about. */
  readonly subject: string;
  readonly status: 'done' | 'partial' | 'failed' | 'cancelled';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly snapshot?: string;
  readonly bytesAdded?: number;
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
}

export interface RestoreRequest {
  readonly source: ResolvedSource;
  /** Snapshot id, a unique prefix of one, or `latest`. */
  readonly snapshot: string;
  readonly target: string;
  readonly include: readonly string[];
  /** Workflow run id: a second attempt recognises by it what the first one left. */
  readonly runId: string;
}

/** What a restore will do, decided once so that each attempt does the same. `snapshot` is a whole id. */
export interface RestorePlan extends RestoreRequest {
  readonly tree: string;
  readonly snapshotTime: string;
}

export interface RestoreStepResult {
  readonly files: number;
  readonly bytes: number;
  readonly warnings: readonly Warning[];
}

/** Activities of the queue `resguardo`. */
export interface ControlActivities {
  resolveSource(source: string): Promise<ResolvedSource>;
  resolveRepository(repository?: string): Promise<ResolvedRepository>;
  notify(report: RunReport): Promise<void>;
}

/** Activities of a host's queue. Each may run twice, be killed in the middle and be cancelled late. */
export interface HostActivities {
  preflight(source: ResolvedSource): Promise<PreflightReport>;
  capture(input: CaptureInput): Promise<CaptureResult>;
  /** Writes the snapshot; the same draft gives the same id, and is stored once. */
  commitSnapshot(input: CommitInput): Promise<{ readonly snapshot: string }>;
  check(input: CheckInput): Promise<VerificationResult>;
  planRestore(request: RestoreRequest): Promise<RestorePlan>;
  restoreSnapshot(plan: RestorePlan): Promise<RestoreStepResult>;
  compareRestored(plan: RestorePlan): Promise<readonly RestoreCheck[]>;
}
