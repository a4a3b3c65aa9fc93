import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../contracts/failures.ts';

/**
 * Writes a file that is not there yet, and waits until it is on the disk.
 * @throws {Failure} TargetConflict when it is there; TargetUnwritable, StorageFull
 */
export async function writeNew(file: string, text: string, mode: number): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(file, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'EEXIST') return new Failure('TargetConflict', `${file} is there already`, { cause: error });
  if (code === 'ENOSPC') return new Failure('StorageFull', `There is no space for ${file}`, { cause: error });
  return new Failure('TargetUnwritable', `${file} cannot be written (${code})`, { cause: error });
}
