import { hostname, userInfo } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { isFailure } from '../contracts/failures.ts';
import type { BackupSummary, Warning } from '../contracts/jobs.ts';
import type { ArchivedItem } from '../repository/archive/archive-request.ts';
import { archive } from '../repository/archive/archiver.ts';
import type { FileComparison } from '../repository/archive/parent-folder.ts';
import type { Repository } from '../repository/repository.ts';
import type { NewSnapshot, Snapshot } from '../repository/snapshot.ts';
import { findNode } from '../repository/tree/walk.ts';
import type { OpenedInput } from './backup-input.ts';
import type { ProgressBoard } from './output/progress-board.ts';
import { programVersion } from './version.ts';
import type { WarningList } from './warning-list.ts';

/** By what the snapshot to compare with is chosen. */
export type ParentField = 'host' | 'paths' | 'tags';

/** A backup by the engine alone, as restic does it. */
export interface EngineBackup {
  readonly input: OpenedInput;
  readonly warnings: WarningList;
  readonly tags: readonly string[];
  /** This one when left out. */
  readonly host: string | undefined;
  /** Time of the snapshot; now when left out. */
  readonly time?: Date | undefined;
  /** Snapshot to compare with; the newest with the same `parentFields` when left out. */
  readonly parent: string | undefined;
  readonly parentFields: readonly ParentField[];
  /** Compares with nothing: all files are read. */
  readonly force: boolean;
  readonly comparison?: FileComparison;
  /** Makes no snapshot when its tree is that of the parent. */
  readonly skipIfUnchanged?: boolean;
  /** The repository stores nothing, and no snapshot is made. */
  readonly dryRun?: boolean;
  readonly filesInFlight?: number | undefined;
  readonly onItem?: ((item: ArchivedItem) => void) | undefined;
  readonly signal: AbortSignal;
  readonly board: ProgressBoard;
}

export interface EngineBackupResult {
  /** Left out after a dry run, and when nothing has changed and that was to be skipped. */
  readonly snapshot?: string;
  readonly parent?: string;
  readonly status: 'done' | 'partial';
  readonly dryRun: boolean;
  readonly summary: BackupSummary;
  /** The first 100; `warningCount` counts all. */
  readonly warnings: readonly Warning[];
  readonly warningCount: number;
  readonly seconds: number;
}

/**
 * Stores files or a stream as a snapshot. Nothing is committed unless all of it was read; files that could
 * not be read are listed.
 */
export async function runEngineBackup(
  repository: Repository,
  request: EngineBackup,
): Promise<EngineBackupResult> {
  const { input, warnings, signal, board, dryRun = false } = request;
  await repository.loadIndex(signal);
  const parent = await findParent(repository, request, input.paths);
  const writer = await repository.openWriter({ signal });
  const row = board.row('backup');
  try {
    const { tree, summary } = await archive({
      repository,
      writer,
      roots: input.roots,
      ...(parent === undefined ? {} : { parentTree: parent.tree }),
      ...(request.comparison === undefined ? {} : { comparison: request.comparison }),
      ...(request.filesInFlight === undefined ? {} : { filesInFlight: request.filesInFlight }),
      ...(request.onItem === undefined ? {} : { onItem: request.onItem }),
      signal,
      onProgress: (progress) => row.update({ phase: 'capture', ...progress }),
      onWarning: (warning) => warnings.add(warning),
    });
    await writer.finish(signal);
    const draft = await newSnapshot(request, { tree, summary, parent, input });
    signal.throwIfAborted();
    const isSkipped =
      dryRun ||
      (request.skipIfUnchanged === true &&
        parent !== undefined &&
        (await isSame(repository, { before: parent.tree, after: tree, paths: input.paths }, signal)));
    const snapshot = isSkipped ? undefined : await repository.commitSnapshot(draft, signal);
    return {
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(parent === undefined ? {} : { parent: parent.id }),
      status: warnings.count > 0 ? 'partial' : 'done',
      dryRun,
      summary,
      warnings: warnings.first,
      warningCount: warnings.count,
      seconds: (Date.now() - input.startedAt.getTime()) / 1000,
    };
  } finally {
    row.finish();
    await writer.abort();
  }
}

interface Compared {
  readonly before: string;
  readonly after: string;
  readonly paths: readonly string[];
}

/** Whether the paths themselves are as they were; folders above them may have changed. */
async function isSame(
  repository: Repository,
  { before, after, paths }: Compared,
  signal: AbortSignal,
): Promise<boolean> {
  if (before === after) return true;
  for (const path of paths) {
    const old = await findNode(repository, before, path, signal);
    if (!old || !isDeepStrictEqual(old, await findNode(repository, after, path, signal))) return false;
  }
  return !paths.includes('/');
}

async function findParent(
  repository: Repository,
  { parent, parentFields, force, host, tags, time }: EngineBackup,
  paths: readonly string[],
): Promise<Snapshot | undefined> {
  if (force) return undefined;
  if (parent !== undefined && parent !== 'latest') return repository.findSnapshot(parent);
  try {
    return await repository.findSnapshot('latest', {
      ...(parentFields.includes('host') ? { hosts: [host ?? hostname()] } : {}),
      ...(parentFields.includes('paths') ? { paths } : {}),
      ...(parentFields.includes('tags') ? { tags: [tags.length === 0 ? [''] : tags] } : {}),
      ...(time === undefined ? {} : { untilMs: time.getTime() }),
    });
  } catch (error) {
    if (isFailure(error, 'SnapshotNotFound')) return undefined;
    throw error;
  }
}

interface Captured {
  readonly tree: string;
  readonly summary: BackupSummary;
  readonly parent: Snapshot | undefined;
  readonly input: OpenedInput;
}

async function newSnapshot(
  { tags, host, time }: EngineBackup,
  { tree, summary, parent, input }: Captured,
): Promise<NewSnapshot> {
  const { username, uid, gid } = userInfo();
  const { paths, excludes, startedAt } = input;
  return {
    time: (time ?? startedAt).toISOString(),
    tree,
    ...(parent === undefined ? {} : { parent: parent.id }),
    paths,
    hostname: host ?? hostname(),
    username,
    uid,
    gid,
    ...(excludes.length === 0 ? {} : { excludes }),
    tags,
    programVersion: `resguardo ${await programVersion()}`,
    backupStart: startedAt.toISOString(),
    backupEnd: new Date().toISOString(),
    summary,
  };
}
