import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isFailure } from '../contracts/failures.ts';
import type { HostSweepResult, RepositorySweepResult } from '../contracts/scheduled-jobs.ts';
import type { Logger } from '../logging/logger.ts';
import type { Repository } from '../repository/repository.ts';

/** Left alone until it is as old: whoever wrote it may still be at work. */
const leftOverMs = 24 * 3_600_000;

/** Names that are written whole and then renamed: `status.json.4711.tmp`. */
const temporaryName = /\.\d+\.tmp$/;

/** Longer than a restore may take; and a copy that failed its checks is kept as long, for people to look into. */
const leftOverDatabaseMs = 8 * 24 * 3_600_000;

/** Unfinished databases on one source's server. */
export interface LeftOverDatabases {
  readonly source: string;
  /** Drops those of restores that began before a time, and that nobody is connected to. */
  drop(before: Date, signal: AbortSignal): Promise<SweptDatabases>;
}

export interface SweptDatabases {
  /** Names of what was dropped. */
  readonly databases: readonly string[];
  /** What people should know, a sentence each. */
  readonly problems: readonly string[];
}

interface SweepWork {
  readonly signal: AbortSignal;
  readonly onProgress: (current: string) => void;
}

/** Removes locks of dead processes, and what crashed writers left that no reader sees. */
export async function sweepRepository(
  repository: Repository,
  { signal, onProgress }: SweepWork,
): Promise<RepositorySweepResult> {
  const locks = await repository.unlock({ all: false, signal });
  onProgress('temporary files');
  await repository.store.sweep(leftOverMs, signal);
  return { locks };
}

export interface HostSweep extends SweepWork {
  readonly stateDir: string;
  readonly leftOverDatabases: readonly LeftOverDatabases[];
  readonly isRestoring: boolean;
  readonly logger: Logger;
}

/** A server that cannot be asked is told of, and keeps nothing else from being swept. */
export async function sweepHost(sweep: HostSweep): Promise<HostSweepResult> {
  const files = await removeTemporaryFiles(sweep.stateDir, sweep.signal);
  if (sweep.isRestoring) return { files, databases: [], problems: [] };
  return { files, ...(await sweepServers(sweep)) };
}

async function sweepServers(sweep: HostSweep): Promise<SweptDatabases> {
  const { signal } = sweep;
  const before = new Date(Date.now() - leftOverDatabaseMs);
  const databases: string[] = [];
  const problems: string[] = [];
  for (const left of sweep.leftOverDatabases) {
    signal.throwIfAborted();
    sweep.onProgress(left.source);
    try {
      const swept = await left.drop(before, signal);
      databases.push(...swept.databases);
      problems.push(...swept.problems.map((problem) => `${left.source}: ${problem}`));
    } catch (error) {
      signal.throwIfAborted();
      sweep.logger.warn({ err: error, source: left.source }, 'A server could not be swept');
      problems.push(`${left.source}: ${isFailure(error) ? error.message : 'it failed unexpectedly'}`);
    }
  }
  return { databases, problems };
}

async function removeTemporaryFiles(folder: string, signal: AbortSignal): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(folder)) {
    signal.throwIfAborted();
    if (!temporaryName.test(name)) continue;
    const file = path.join(folder, name);
    const status = await stat(file).catch(() => undefined);
    if (status === undefined || !status.isFile() || Date.now() - status.mtimeMs < leftOverMs) continue;
    await rm(file, { force: true });
    removed += 1;
  }
  return removed;
}

/** Below the folder, too: what is remembered of repositories has one of its own. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
