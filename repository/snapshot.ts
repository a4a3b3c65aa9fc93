import type { BackupSummary } from '../contracts/jobs.ts';
import { isId } from './ids.ts';
import { asCount, asObject, asString, asStrings, type JsonObject, parseJsonObject } from './json.ts';

/** A snapshot as stored. Times are RFC 3339 with a time zone and up to nine digits of a second. */
export interface Snapshot {
  readonly id: string;
  readonly time: string;
  /** Id of the root tree. */
  readonly tree: string;
  readonly parent?: string;
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly username: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly excludes?: readonly string[];
  readonly tags: readonly string[];
  /** Id that the snapshot had before its metadata were changed. */
  readonly original?: string;
  readonly programVersion?: string;
  readonly backupStart?: string;
  readonly backupEnd?: string;
  readonly summary?: BackupSummary;
}

/** A snapshot to be stored: a `SnapshotDraft` of a workflow is one. */
export type NewSnapshot = Omit<Snapshot, 'id'>;

/** Instant of a snapshot in ms since 1970. */
export function snapshotTimeMs({ time }: Snapshot): number {
  return Date.parse(time);
}

/** JSON of a snapshot in restic's order of fields: equal snapshots give equal bytes. */
export function encodeSnapshot(snapshot: NewSnapshot): Buffer {
  return Buffer.from(
    JSON.stringify({
      time: snapshot.time,
      parent: snapshot.parent,
      tree: snapshot.tree,
      paths: snapshot.paths,
      hostname: snapshot.hostname || undefined,
      username: snapshot.username || undefined,
      uid: snapshot.uid || undefined,
      gid: snapshot.gid || undefined,
      excludes: unlessEmpty(snapshot.excludes),
      tags: unlessEmpty(snapshot.tags),
      original: snapshot.original,
      program_version: snapshot.programVersion || undefined,
      summary: snapshot.summary && encodeSummary(snapshot.summary, snapshot),
    }),
  );
}

/** Undefined when the JSON has not the form of a snapshot. */
export function decodeSnapshot(id: string, bytes: Buffer): Snapshot | undefined {
  const json = parseJsonObject(bytes);
  const time = asString(json?.time);
  const tree = json?.tree;
  const paths = asStrings(json?.paths);
  const tags = asStrings(json?.tags);
  if (!json || !isTime(time) || !isId(tree) || !paths || !tags) return undefined;
  const summary = asObject(json.summary);
  const excludes = asStrings(json.excludes);
  return {
    id,
    time,
    tree,
    paths,
    hostname: asString(json.hostname) ?? '',
    username: asString(json.username) ?? '',
    tags,
    ...present('parent', isId(json.parent) ? json.parent : undefined),
    ...present('uid', asCount(json.uid)),
    ...present('gid', asCount(json.gid)),
    ...present('excludes', excludes && unlessEmpty(excludes)),
    ...present('original', isId(json.original) ? json.original : undefined),
    ...present('programVersion', asString(json.program_version)),
    ...present('backupStart', asString(summary?.backup_start)),
    ...present('backupEnd', asString(summary?.backup_end)),
    ...present('summary', summary && decodeSummary(summary)),
  };
}

export function isTime(time: string | undefined): time is string {
  return time !== undefined && rfc3339.test(time) && !Number.isNaN(Date.parse(time));
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Fields of the summary, ours and restic's, in restic's order. */
const summaryFields = [
  ['filesNew', 'files_new'],
  ['filesChanged', 'files_changed'],
  ['filesUnmodified', 'files_unmodified'],
  ['dirsNew', 'dirs_new'],
  ['dirsChanged', 'dirs_changed'],
  ['dirsUnmodified', 'dirs_unmodified'],
  ['dataBlobs', 'data_blobs'],
  ['treeBlobs', 'tree_blobs'],
  ['dataAdded', 'data_added'],
  ['dataAddedPacked', 'data_added_packed'],
  ['totalFilesProcessed', 'total_files_processed'],
  ['totalBytesProcessed', 'total_bytes_processed'],
] as const satisfies readonly (readonly [keyof BackupSummary, string])[];

function encodeSummary(summary: BackupSummary, { backupStart, backupEnd, time }: NewSnapshot): JsonObject {
  const counts = summaryFields.map(([ours, theirs]) => [theirs, summary[ours]]);
  return {
    backup_start: backupStart ?? time,
    backup_end: backupEnd ?? time,
    ...Object.fromEntries(counts),
  };
}

function decodeSummary(json: JsonObject): BackupSummary {
  const count = (name: string): number => asCount(json[name]) ?? 0;
  return {
    filesNew: count('files_new'),
    filesChanged: count('files_changed'),
    filesUnmodified: count('files_unmodified'),
    dirsNew: count('dirs_new'),
    dirsChanged: count('dirs_changed'),
    dirsUnmodified: count('dirs_unmodified'),
    dataBlobs: count('data_blobs'),
    treeBlobs: count('tree_blobs'),
    dataAdded: count('data_added'),
    dataAddedPacked: count('data_added_packed'),
    totalFilesProcessed: count('total_files_processed'),
    totalBytesProcessed: count('total_bytes_processed'),
  };
}

function unlessEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

/** A property that is left out rather than undefined. */
function present<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  const object: { [P in K]?: V } = {};
  if (value !== undefined) object[name] = value;
  return object;
}
