import type { BackupSummary } from '../contracts/jobs.ts';
import { backupWorkflowId } from '../contracts/queues.ts';
import type { PlacedSnapshot } from '../policy/placed-snapshot.ts';
import { sourceOf, tagValue } from '../policy/retention/group.ts';
import { epochMs, parseSnapshotTime } from '../policy/retention/snapshot-time.ts';
import { isString, listOf, present } from './present.ts';
import type { RunFinish } from './run-records.ts';
import type { SnapshotRow } from './tables.ts';

/** What the catalog takes from a snapshot of a repository; the engine's `Snapshot` is one. */
export interface StoredSnapshot {
  readonly id: string;
  /** RFC 3339, with zone. */
  readonly time: string;
  readonly tree: string;
  readonly parent?: string;
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly tags: readonly string[];
  readonly backupStart?: string;
  readonly backupEnd?: string;
  readonly summary?: BackupSummary;
}

/** A snapshot as the catalog knows it. */
export interface CatalogSnapshot extends PlacedSnapshot {
  readonly source?: string;
  readonly kind?: string;
  readonly hostname: string;
  readonly tree: string;
  readonly parent?: string;
  readonly tags: readonly string[];
  /** Instant of `time` in UTC, with milliseconds. */
  readonly takenAt: string;
  readonly addedBytes?: number;
  readonly files?: number;
}

export function snapshotRow(repository: string, snapshot: StoredSnapshot, seenAt: string): SnapshotRow {
  const { summary } = snapshot;
  return {
    repository,
    id: snapshot.id,
    source: sourceOf(snapshot) ?? null,
    kind: tagValue(snapshot, 'kind') ?? null,
    host: snapshot.hostname,
    time: snapshot.time,
    takenAt: new Date(epochMs(parseSnapshotTime(snapshot.time))).toISOString(),
    tree: snapshot.tree,
    parent: snapshot.parent ?? null,
    paths: JSON.stringify(snapshot.paths),
    tags: JSON.stringify(snapshot.tags),
    sizeBytes: summary?.totalBytesProcessed ?? null,
    addedBytes: summary?.dataAdded ?? null,
    storedBytes: summary?.dataAddedPacked ?? null,
    files: summary?.totalFilesProcessed ?? null,
    seenAt,
  };
}

export function snapshotOf(row: SnapshotRow): CatalogSnapshot {
  return {
    repository: row.repository,
    id: row.id,
    time: row.time,
    takenAt: row.takenAt,
    hostname: row.host ?? '',
    tree: row.tree,
    ...present('parent', row.parent),
    paths: listOf(row.paths, isString),
    tags: listOf(row.tags, isString),
    ...present('source', row.source),
    ...present('kind', row.kind),
    ...present('sizeBytes', row.sizeBytes),
    ...present('addedBytes', row.addedBytes),
    ...present('storedBytes', row.storedBytes),
    ...present('files', row.files),
  };
}

/** The run that made a snapshot, from its tags; undefined for snapshots that Resguardo did not make. */
export function runOfSnapshot(repository: string, snapshot: StoredSnapshot): RunFinish | undefined {
  const source = sourceOf(snapshot);
  const runId = tagValue(snapshot, 'run');
  if (source === undefined || runId === undefined) return undefined;
  const takenAt = new Date(epochMs(parseSnapshotTime(snapshot.time))).toISOString();
  const { summary } = snapshot;
  return {
    workflow: 'backupSource',
    workflowId: backupWorkflowId(source),
    runId,
    subject: source,
    ...present('kind', tagValue(snapshot, 'kind')),
    host: snapshot.hostname,
    repository,
    ...present('schedule', tagValue(snapshot, 'schedule')),
    status: 'done',
    startedAt: instant(snapshot.backupStart) ?? takenAt,
    finishedAt: instant(snapshot.backupEnd) ?? takenAt,
    snapshot: snapshot.id,
    ...(summary
      ? {
          bytesProcessed: summary.totalBytesProcessed,
          bytesAdded: summary.dataAdded,
          bytesStored: summary.dataAddedPacked,
          files: summary.totalFilesProcessed,
        }
      : {}),
  };
}

function instant(time: string | undefined): string | undefined {
  return time === undefined ? undefined : new Date(epochMs(parseSnapshotTime(time))).toISOString();
}
