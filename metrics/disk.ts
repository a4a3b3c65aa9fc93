import { statfs } from 'node:fs/promises';
import type { DiskUse } from '../policy/space.ts';

/** Space of the file systems of these paths; paths that are not there are left out. */
export async function measureDisks(paths: readonly string[]): Promise<readonly DiskUse[]> {
  const measured = await Promise.all(
    paths.map(async (path) => {
      const space = await statfs(path).catch(() => undefined);
      if (!space) return [];
      const { bsize, blocks, bfree, bavail } = space;
      // As df(1): what is reserved for root counts neither as used nor as free.
      return [{ path, totalBytes: bsize * (blocks - bfree + bavail), freeBytes: bsize * bavail }];
    }),
  );
  return measured.flat();
}
