/**
 * Rows as the database holds them, the same in SQLite and PostgreSQL. Times are text, ISO 8601 in UTC with
 * milliseconds, so that they sort as text; lists are JSON text; sizes are bytes. Kysely's CamelCasePlugin
 * turns `startedAt` into the column `started_at`.
 */

export interface RunRow {
  workflow: string;
  workflowId: string;
  runId: string;
  /** Source or repository that the run is about. */
  subject: string;
  kind: string | null;
  host: string | null;
  repository: string | null;
  schedule: string | null;
  status: string;
  startedAt: string;
  finishedAt: string | null;
  bytesProcessed: number | null;
  bytesAdded: number | null;
  bytesStored: number | null;
  files: number | null;
  snapshot: string | null;
  failureType: string | null;
  failureMessage: string | null;
  failureAdvice: string | null;
  warningCount: number;
  warnings: string;
}

/** Finished runs ever counted, so that old rows can go without a counter going back. */
export interface RunTotalRow {
  workflow: string;
  kind: string;
  status: string;
  runs: number;
  seconds: number;
  bytesAdded: number;
  /** Of the run that finished last. */
  lastFinishedAt: string;
  lastSeconds: number;
}

export interface SnapshotRow {
  repository: string;
  id: string;
  source: string | null;
  kind: string | null;
  host: string | null;
  /** As the snapshot has it, for policies; `takenAt` is the same instant in UTC, for queries. */
  time: string;
  takenAt: string;
  tree: string;
  parent: string | null;
  paths: string;
  tags: string;
  sizeBytes: number | null;
  addedBytes: number | null;
  storedBytes: number | null;
  files: number | null;
  /** Start of the listing that saw it last. */
  seenAt: string;
}

export interface NotificationRow {
  subject: string;
  state: string;
  since: string;
  toldAt: string | null;
  reminders: number;
  message: string;
}

export interface FindingRow {
  check: string;
  subject: string;
  level: string;
  message: string;
  evidence: string;
  mend: string | null;
  /** Since when the level is what it is. */
  since: string;
  checkedAt: string;
}

export interface RepositorySizeRow {
  repository: string;
  measuredAt: string;
  storedBytes: number;
  snapshots: number;
}

export interface AuditRow {
  sequence: number;
  at: string;
  origin: string;
  actor: string;
  action: string;
  subject: string;
  outcome: string;
  detail: string;
  previous: string;
  hash: string;
}

/** One row: the end of the audit chain. */
export interface AuditHeadRow {
  id: number;
  sequence: number;
  hash: string;
}

/** Facts about the catalog itself. */
export interface MetaRow {
  name: string;
  value: string;
}

export interface CatalogTables {
  runs: RunRow;
  runTotals: RunTotalRow;
  snapshots: SnapshotRow;
  notifications: NotificationRow;
  findings: FindingRow;
  repositorySizes: RepositorySizeRow;
  auditLog: AuditRow;
  auditHead: AuditHeadRow;
  meta: MetaRow;
}
