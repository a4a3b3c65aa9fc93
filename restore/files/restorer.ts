import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../../contracts/failures.ts';
import { restoreTree } from '../../repository/restore/restorer.ts';
import type { RestoredCounts, RestoreJob, Restorer } from '../restorer.ts';
import { compareFiles } from './compare.ts';

/** Restores files and folders below a folder of this host. */
export function createFilesRestorer(): Restorer {
  return { checkTarget, restore, compare: compareFiles, close: async () => {} };
}

async function checkTarget(target: string): Promise<string> {
  if (!path.isAbsolute(target)) {
    throw new Failure(
      'InvalidInput',
      `The input of restore is wrong: target: ${target} is no absolute path`,
      {
        advice: `Write the whole path of the folder, such as /restore/${path.basename(target)}.`,
      },
    );
  }
  const folder = path.resolve(target);
  const kind = await kindOf(folder);
  if (kind === 'file') throw new Failure('TargetConflict', `The target ${folder} is no folder`);
  if (kind === 'folder' && (await readdir(folder)).length > 0) {
    throw new Failure('TargetConflict', `The target ${folder} is not empty`, {
      advice: 'Choose a folder that is empty or does not exist yet: a restore overwrites nothing.',
    });
  }
  return folder;
}

async function kindOf(target: string): Promise<'missing' | 'folder' | 'file'> {
  try {
    return (await lstat(target)).isDirectory() ? 'folder' : 'file';
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') return 'missing';
    throw new Failure('TargetUnwritable', `The target ${target} cannot be looked at: ${code}`, { cause });
  }
}

async function restore(job: RestoreJob): Promise<RestoredCounts> {
  const { files, bytes, bytesSkipped } = await restoreTree({
    reader: job.reader,
    tree: job.tree,
    target: job.target,
    ...(job.include.length > 0 && { include: job.include }),
    // Otherwise the plan has seen that the target was empty: what is there now is an earlier attempt's.
    ...((job.inPlace || job.attempt > 1) && { overwrite: 'always' as const }),
    signal: job.signal,
    onProgress: job.onProgress,
    onWarning: job.onWarning,
  });
  // What an earlier attempt has restored belongs to it.
  return { files, bytes: bytes + bytesSkipped };
}
