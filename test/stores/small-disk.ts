import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type TestScope, temporaryFolder } from '../repository/temporary-folder.ts';

const run = promisify(execFile);

export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Lets nothing be written any more, or again. */
  setWritable(isWritable: boolean): Promise<void>;
}

/** A disk of so many MiB; undefined when we may not mount one. */
export async function mountSmallDisk(t: TestScope, sizeMebibytes: number): Promise<SmallDisk | undefined> {
  const folder = await temporaryFolder(t);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMebibytes}m,mode=700`, 'tmpfs', folder]);
  } catch {
    return undefined;
  }
  return {
    folder,
    setWritable: async (isWritable) => {
      await run('mount', ['-o', `remount,${isWritable ? 'rw' : 'ro'}`, folder]);
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await run('umount', ['--lazy', folder]);
    },
  };
}

/** A disk of so many MiB. Undefined, and the test is skipped, when we may not mount one. */
export async function smallDisk(t: TestContext, sizeMebibytes: number): Promise<SmallDisk | undefined> {
  const disk = await mountSmallDisk(t, sizeMebibytes);
  if (!disk) t.skip('only root can mount a small disk');
  return disk;
}
