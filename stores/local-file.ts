import { type FileHandle, link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { errorCode } from '../posix/error-code.ts';
import { writeDirectly } from './direct-write.ts';
import type { ByteRange } from './store.ts';

/** Steps of the local store on single files. Errors are those of the file system. */

/** Makes a folder for the owner alone, unless it is there. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}

/** Writes a new file and waits until it is on the disk. */
export async function writeSynced(
  path: string,
  parts: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await openNew(path);
  try {
    try {
      let position = 0;
      for (const part of parts) {
        const direct = position === 0 ? await writeDirectly(path, part, signal) : 0;
        await writeFully(handle, { bytes: part, from: direct, position }, signal);
        position += part.length;
      }
      await handle.sync();
    } finally {
      // Network file systems can report a full disk as late as here.
      await handle.close();
    }
  } catch (error) {
    await unlink(path).catch(ignoreMissing);
    throw error;
  }
}

/** Makes the folder of the file too when it is missing, as a shard may be in a copied repository. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    await syncFolder(dirname(dirname(path)));
    return await open(path, 'wx', 0o600);
  }
}

interface Part {
  readonly bytes: Uint8Array;
  /** Where in them to begin. */
  readonly from: number;
  /** Where in the file they begin. */
  readonly position: number;
}

async function writeFully(
  handle: FileHandle,
  { bytes, from, position }: Part,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sliceBytes = 4 * 1024 * 1024;
  for (let done = from; done < bytes.length; ) {
    signal?.throwIfAborted();
    const length = Math.min(sliceBytes, bytes.length - done);
    const { bytesWritten } = await handle.write(bytes, done, length, position + done);
    done += bytesWritten;
  }
}

/** Gives a written file its own name, unless that is taken, and waits until the name is on the disk. */
export async function publish(temporary: string, path: string): Promise<'stored' | 'exists'> {
  const outcome = await linkUnlessTaken(temporary, path);
  // Also for a name that is taken: whoever took it may not have come to this yet.
  await syncFolder(dirname(path));
  return outcome;
}

async function linkUnlessTaken(temporary: string, path: string): Promise<'stored' | 'exists'> {
  try {
    await link(temporary, path);
    return 'stored';
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return 'exists';
    if (!withoutLinks.has(errorCode(error) ?? '')) throw error;
    if (await exists(path)) return 'exists';
    await rename(temporary, path);
    return 'stored';
  }
}

/** What file systems without hard links answer: FAT, some network and FUSE file systems. */
const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    // Some file systems do not sync folders, and the parent of the repository may be unreadable for us.
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES', 'EISDIR'].includes(errorCode(error) ?? ''))
      throw error;
  } finally {
    await handle?.close();
  }
}

/** @throws {Failure} RepositoryDamaged when the file ends before the range does */
export async function readRange(
  handle: FileHandle,
  { offset, length }: ByteRange,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) {
      throw new Failure(
        'RepositoryDamaged',
        `The file ${path} ends after ${offset + done} bytes; ${length} bytes at ${offset} were to be read.`,
      );
    }
    done += bytesRead;
  }
  return bytes;
}

export function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
}
