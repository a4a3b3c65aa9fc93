import { type BigIntStats, constants, openSync } from 'node:fs';
import type { FileStat } from '../../blobs.ts';

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a file so that a link, fifo or device in its place does no harm. O_NOATIME leaves the time of the last
 * access as it is; only the owner and root may ask for it.
 */
export function openForReading(path: Buffer, owner: number, user = process.geteuid?.()): number {
  if (constants.O_NOATIME !== undefined && (user === 0 || user === owner)) {
    try {
      return openSync(path, readFlags | constants.O_NOATIME);
    } catch (error) {
      if (codeOf(error) !== 'EPERM') throw error;
    }
  }
  return openSync(path, readFlags);
}

/** Whether a file changed between two looks at it, of which `bytes` were read in between. */
export function isChanged(before: BigIntStats, after: BigIntStats, bytes: bigint): boolean {
  return after.mtimeNs !== before.mtimeNs || after.size !== before.size || bytes !== before.size;
}

/** The statistics as an object that can be cloned. */
export function plainStat(stat: BigIntStats): FileStat {
  const { mode, uid, gid, ino, dev, nlink, rdev, size, mtimeNs, ctimeNs } = stat;
  return { mode, uid, gid, ino, dev, nlink, rdev, size, mtimeNs, ctimeNs };
}

/**
 * Whether a file of somebody else took the place of the one that was listed. Who may write to a folder can put a
 * link to another in its place, and so have a backup read what is closed to him: no flag of `open` keeps that off
 * the folders of a path.
 */
export function isForeign(stat: BigIntStats, listedOwner: number): boolean {
  return stat.uid !== BigInt(listedOwner);
}

export const foreign = 'a file of another owner took its place';

export const notAFile = 'it is no longer a regular file';

export function unreadable(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `it cannot be read: ${explanations.get(codeOf(error) ?? '') ?? message}`;
}

const explanations = new Map([
  ['ENOENT', 'it vanished after it was listed'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ELOOP', 'a symbolic link took its place'],
  ['ENXIO', 'something else took its place'],
  ['EIO', 'the disk reports an input/output error'],
]);

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
