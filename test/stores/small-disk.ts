import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../repository/temporary-folder.ts';

const run = promisify(execFile);

/** A disk of so many MiB. Undefined, and the test is skipped, when we may not mount one. */
export async function smallDisk(t: TestContext, sizeMebibytes: number) {
  const folder = await temporaryFolder(t);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMebibytes}m,mode=700`, 'tmpfs', folder]);
  } catch {
    t.skip('only root can mount a small disk');
    return undefined;
  }
  return {
    folder,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await run('umount', ['--lazy', folder]);
    },
  };
}
