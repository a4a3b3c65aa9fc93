import { chmod, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from '../remove-folder.ts';

const prefix = 'resguardo-test-';

/**
 * Makes the folder that holds all temporary files of a run, below the folder for temporary files, and removes
 * those of runs that were killed.
 */
export async function makeTemporaryFolder(parent: string): Promise<string> {
  for (const name of await readdir(parent)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // A disk that one of its tests mounted may be there still: no reason not to run.
    await removeFolder(join(parent, name)).catch(() => {});
  }
  const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  // Servers that root starts run as another user, and must be able to pass.
  await chmod(folder, 0o711);
  return folder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
