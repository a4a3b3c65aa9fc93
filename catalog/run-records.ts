import { Failure } from '../contracts/failures.ts';
import type { Warning } from '../contracts/jobs.ts';
import type { RunStatus } from '../contracts/search-attributes.ts';
import { listOf, present } from './present.ts';
import type { RunRow } from './tables.ts';

export type FinishedStatus = Exclude<RunStatus, 'running'>;

export const finishedStatuses: readonly FinishedStatus[] = ['done', 'partial', 'failed', 'cancelled'];

/** A run that left a snapshot to restore from: complete, or all but what could not be read. */
export const goodStatuses: readonly FinishedStatus[] = ['done', 'partial'];

/** A workflow run as its beginning is recorded. Plain JSON; times are ISO 8601 in UTC. */
export interface RunStart {
  /** Workflow type: `backupSource`, `restore`, `verification` … */
  readonly workflow: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Source or repository that the run is about. */
  readonly subject: string;
  readonly kind?: string;
  readonly host?: string;
  readonly repository?: string;
  readonly schedule?: string;
  readonly startedAt: string;
}

/** A run as its end is recorded; holds all of its beginning, in case that was not recorded. */
export interface RunFinish extends RunStart {
  readonly status: FinishedStatus;
  readonly finishedAt: string;
  /** Bytes read from the source. */
  readonly bytesProcessed?: number;
  /** Bytes of new data before compression. */
  readonly bytesAdded?: number;
  /** Bytes of new data as stored. */
  readonly bytesStored?: number;
  readonly files?: number;
  readonly snapshot?: string;
  readonly failure?: RunFailure;
  /** The first 20 are kept; `warningCount` counts all. */
  readonly warnings?: readonly Warning[];
  readonly warningCount?: number;
}

export interface RunFailure {
  /** Type of the failure table, where it is one. */
  readonly type?: string;
  readonly message: string;
  readonly advice?: string;
}

/** A run as the catalog knows it. */
export interface Run extends Omit<RunFinish, 'status' | 'finishedAt'> {
  readonly status: RunStatus;
  /** Absent while it runs. */
  readonly finishedAt?: string;
  readonly warnings: readonly Warning[];
  readonly warningCount: number;
}

const keptWarnings = 20;

export function startRow(run: RunStart): RunRow {
  return {
    workflow: run.workflow,
    workflowId: run.workflowId,
    runId: run.runId,
    subject: run.subject,
    kind: run.kind ?? null,
    host: run.host ?? null,
    repository: run.repository ?? null,
    schedule: run.schedule ?? null,
    status: 'running',
    startedAt: utc(run.startedAt, 'startedAt'),
    finishedAt: null,
    bytesProcessed: null,
    bytesAdded: null,
    bytesStored: null,
    files: null,
    snapshot: null,
    failureType: null,
    failureMessage: null,
    failureAdvice: null,
    warningCount: 0,
    warnings: '[]',
  };
}

export function finishRow(run: RunFinish): RunRow & { finishedAt: string } {
  const warnings = run.warnings ?? [];
  return {
    ...startRow(run),
    status: run.status,
    finishedAt: utc(run.finishedAt, 'finishedAt'),
    bytesProcessed: run.bytesProcessed ?? null,
    bytesAdded: run.bytesAdded ?? null,
    bytesStored: run.bytesStored ?? null,
    files: run.files ?? null,
    snapshot: run.snapshot ?? null,
    failureType: run.failure?.type ?? null,
    failureMessage: run.failure?.message ?? null,
    failureAdvice: run.failure?.advice ?? null,
    warningCount: run.warningCount ?? warnings.length,
    warnings: JSON.stringify(warnings.slice(0, keptWarnings)),
  };
}

export function runOf(row: RunRow): Run {
  return {
    workflow: row.workflow,
    workflowId: row.workflowId,
    runId: row.runId,
    subject: row.subject,
    ...present('kind', row.kind),
    ...present('host', row.host),
    ...present('repository', row.repository),
    ...present('schedule', row.schedule),
    status: statusOf(row.status),
    startedAt: row.startedAt,
    ...present('finishedAt', row.finishedAt),
    ...present('bytesProcessed', row.bytesProcessed),
    ...present('bytesAdded', row.bytesAdded),
    ...present('bytesStored', row.bytesStored),
    ...present('files', row.files),
    ...present('snapshot', row.snapshot),
    ...present('failure', failureOf(row)),
    warnings: listOf(row.warnings, isWarning),
    warningCount: row.warningCount,
  };
}

/** @throws {Failure} InvalidInput when the text is no time */
export function utc(time: string, field: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) throw new Failure('InvalidInput', `${field}: "${time}" is no time`);
  return date.toISOString();
}

function failureOf(row: RunRow): RunFailure | undefined {
  if (row.failureMessage === null) return undefined;
  return {
    ...present('type', row.failureType),
    message: row.failureMessage,
    ...present('advice', row.failureAdvice),
  };
}

function statusOf(text: string): RunStatus {
  return finishedStatuses.find((status) => status === text) ?? 'running';
}

function isWarning(item: unknown): item is Warning {
  if (typeof item !== 'object' || item === null || !('subject' in item) || !('message' in item)) return false;
  return typeof item.subject === 'string' && typeof item.message === 'string';
}
