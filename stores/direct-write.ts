import { constants, open } from 'node:fs/promises';
import { errorCode } from '../posix/error-code.ts';
import { isInPages, pageBytes } from '../posix/page-memory.ts';

/** Less is not worth opening the file once more. */
const leastBytes = 1024 * 1024;
const sliceBytes = 4 * 1024 * 1024;

/** What a file system answers that only writes through its cache, or asks for larger blocks. */
const refusals = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * Writes the whole pages of what a new file begins with past the cache of the system, where memory and file system
 * allow that. A pack is not read again soon, and is flushed at once anyway: the cache would cost a copy, which in
 * virtual machines takes a third of a backup's processor time, and would drive out what other programs need. Returns
 * the bytes written; the rest is the caller's, and so is the flush.
 */
export async function writeDirectly(
  path: string,
  start: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (start.length < leastBytes || !isInPages(start) || !constants.O_DIRECT) return 0;
  const end = start.length - (start.length % pageBytes);
  let done = 0;
  try {
    const handle = await open(path, constants.O_WRONLY | constants.O_DIRECT | constants.O_NOFOLLOW);
    try {
      while (done < end) {
        signal?.throwIfAborted();
        const { bytesWritten } = await handle.write(start, done, Math.min(sliceBytes, end - done), done);
        done += bytesWritten;
        if (bytesWritten === 0 || bytesWritten % pageBytes > 0) return done;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!refusals.has(errorCode(error) ?? '')) throw error;
  }
  return done;
}
