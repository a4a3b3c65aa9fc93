import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A process that is ending may still write into it. */
const attempts = 3;

/** Removes a folder with all below it, if it is there. Node cannot remove what lies deeper than a path is long. */
export async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await execute('rm', ['--recursive', '--force', '--', folder]);
      return;
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
