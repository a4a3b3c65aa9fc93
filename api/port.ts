import type { BackupSourceInput } from '../contracts/inputs.ts';
import type { AuditPort } from '../control/audit.ts';
import type {
  Readiness,
  RunDocument,
  ScheduleDocument,
  SnapshotDocument,
  SourceDocument,
} from './schemas.ts';

/**
 * What the API needs of the rest, handed in by a composition file. Methods throw {Failure}; their status codes
 * are those of the failure table.
 */
export interface ApiPort {
  /** What works now; never throws, and answers within seconds. */
  readiness(): Promise<Readiness>;
  /** What `/metrics` answers, in Prometheus' text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  sources(): Promise<readonly SourceDocument[]>;
  schedules(): Promise<readonly ScheduleDocument[]>;
  /** Newest first. */
  runs(filter: RunsFilter, page: RunsPage): Promise<readonly RunDocument[]>;
  run(workflowId: string, runId: string): Promise<RunDocument | undefined>;
  /** Newest first. */
  snapshots(source: string | undefined): Promise<readonly SnapshotDocument[]>;
  /** Starts a backup; with `join`, follows one of the same source that is under way. */
  startBackup(input: BackupSourceInput, options: { readonly join: boolean }): Promise<StartedRun>;
  readonly audit: AuditPort;
  readonly log: ApiLog;
}

export interface RunsFilter {
  readonly source?: string | undefined;
  readonly workflow?: string | undefined;
  readonly status?: RunDocument['status'] | undefined;
  /** Began at or after this time. */
  readonly from?: string | undefined;
  /** Began before this time. */
  readonly to?: string | undefined;
}

export interface RunsPage {
  readonly limit: number;
  /** The last run of the page before. */
  readonly after?: { readonly startedAt: string; readonly workflowId: string; readonly runId: string };
}

export interface StartedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** True if the run was under way already. */
  readonly joined: boolean;
}

/** A part of pino's Logger. */
export interface ApiLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
