import { hostname, userInfo } from 'node:os';
import { addAbortSignal, type Readable } from 'node:stream';
import { isFailure } from '../contracts/failures.ts';
import type { BackupSummary, Warning } from '../contracts/jobs.ts';
import { archive } from '../repository/archive/archiver.ts';
import type { Entry } from '../repository/archive/entry.ts';
import type { Repository } from '../repository/repository.ts';
import type { NewSnapshot, Snapshot } from '../repository/snapshot.ts';
import { type FilesSourceOptions, filesSource } from './composition.ts';
import type { ProgressBoard } from './output/progress.ts';
import { programVersion } from './version.ts';
import { WarningList } from './warning-list.ts';

/** A backup by the engine alone, as restic does it. */
export interface EngineBackup {
  readonly files?: FilesSourceOptions;
  readonly stream?: { readonly name: string; readonly content: Readable };
  readonly tags: readonly string[];
  readonly host: string | undefined;
  /** Snapshot to compare with; the newest of the same host and paths when left out. */
  readonly parent: string | undefined;
  /** Compares with nothing: all files are read. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly board: ProgressBoard;
}

export interface EngineBackupResult {
  readonly snapshot: string;
  readonly parent?: string;
  readonly status: 'done' | 'partial';
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
  const { signal, board } = request;
  const startedAt = new Date();
  const warnings = new WarningList(board);
  const input = await openInput(request, (warning) => warnings.add(warning));
  await repository.loadIndex(signal);
  const parent = request.stream ? undefined : await findParent(repository, request, input.paths);
  const writer = await repository.openWriter({ signal });
  const row = board.row('backup');
  try {
    const { tree, summary } = await archive({
      repository,
      writer,
      roots: input.roots,
      ...(parent === undefined ? {} : { parentTree: parent.tree }),
      signal,
      onProgress: (progress) => row.update({ phase: 'capture', ...progress }),
      onWarning: (warning) => warnings.add(warning),
    });
    await writer.finish(signal);
    const draft = await newSnapshot(request, { tree, summary, parent, paths: input.paths, startedAt });
    signal.throwIfAborted();
    const snapshot = await repository.commitSnapshot(draft, signal);
    return {
      snapshot,
      ...(parent === undefined ? {} : { parent: parent.id }),
      status: warnings.count > 0 ? 'partial' : 'done',
      summary,
      warnings: warnings.first,
      warningCount: warnings.count,
      seconds: (Date.now() - startedAt.getTime()) / 1000,
    };
  } finally {
    row.finish();
    await writer.abort();
  }
}

interface Input {
  readonly paths: readonly string[];
  readonly roots: AsyncIterable<Entry> | Iterable<Entry>;
}

async function openInput(request: EngineBackup, warn: (warning: Warning) => void): Promise<Input> {
  const { files, stream, signal } = request;
  if (stream) return { paths: [`/${stream.name}`], roots: [streamEntry(stream.name, stream.content)] };
  const source = filesSource(files ?? { paths: [] });
  await source.preflight(signal);
  return { paths: source.paths, roots: source.capture({ signal, warn }) };
}

/** A regular file of the present time that its owner alone may read. */
function streamEntry(name: string, content: Readable): Entry {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const { uid, gid, username } = userInfo();
  return {
    kind: 'stream',
    name: Buffer.from(name),
    metadata: {
      type: 'file',
      mode: 0o600,
      mtimeNs: nowNs,
      atimeNs: nowNs,
      ctimeNs: nowNs,
      uid,
      gid,
      user: username,
    },
    // Standard input may stand still for ever.
    open: (signal) => addAbortSignal(signal, content),
  };
}

async function findParent(
  repository: Repository,
  { parent, force, host }: EngineBackup,
  paths: readonly string[],
): Promise<Snapshot | undefined> {
  if (force) return undefined;
  if (parent !== undefined) return repository.findSnapshot(parent);
  try {
    return await repository.findSnapshot('latest', { host: host ?? hostname(), paths });
  } catch (error) {
    if (isFailure(error, 'SnapshotNotFound')) return undefined;
    throw error;
  }
}

interface Captured {
  readonly tree: string;
  readonly summary: BackupSummary;
  readonly parent: Snapshot | undefined;
  readonly paths: readonly string[];
  readonly startedAt: Date;
}

async function newSnapshot(
  { tags, host, files }: EngineBackup,
  { tree, summary, parent, paths, startedAt }: Captured,
): Promise<NewSnapshot> {
  const { username, uid, gid } = userInfo();
  const exclude = files?.exclude ?? [];
  return {
    time: startedAt.toISOString(),
    tree,
    ...(parent === undefined ? {} : { parent: parent.id }),
    paths,
    hostname: host ?? hostname(),
    username,
    uid,
    gid,
    ...(exclude.length === 0 ? {} : { excludes: exclude }),
    tags,
    programVersion: `resguardo ${await programVersion()}`,
    backupStart: startedAt.toISOString(),
    backupEnd: new Date().toISOString(),
    summary,
  };
}
