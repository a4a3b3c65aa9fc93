import { hash } from 'node:crypto';
import { type BigIntStats, constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { TreeNode } from '../tree/node.ts';
import type { ContentPart } from './content-parts.ts';

/**
 * What becomes of items that are there already; restic's words and meaning.
 * - `always`: they become as they were in the snapshot; content is compared, and what differs is written
 * - `if-changed`: the same, but a file of the same size and time of modification counts as unchanged
 * - `if-newer`: those whose time of modification is not before that of the snapshot's stay
 * - `never`: they stay
 * Folders get the owner, times and mode of the snapshot's in every mode.
 */
export type OverwriteMode = 'always' | 'if-changed' | 'if-newer' | 'never';

export const overwriteModes: readonly OverwriteMode[] = ['always', 'if-changed', 'if-newer', 'never'];

/** What is there under the name of an item; undefined when nothing is. */
export function existingItem(path: Buffer): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Whether an item that is there stays as it is. */
export function stays(mode: OverwriteMode, existing: BigIntStats, node: TreeNode): boolean {
  return mode === 'never' || (mode === 'if-newer' && existing.mtimeNs >= node.mtimeNs);
}

/** Whether a file that is there surely has the content of the snapshot's, without reading it. */
export function isTakenForUnchanged(mode: OverwriteMode, existing: BigIntStats, node: TreeNode): boolean {
  return (
    mode === 'if-changed' &&
    existing.isFile() &&
    existing.size === (node.size ?? 0n) &&
    existing.mtimeNs === node.mtimeNs
  );
}

/** A file that is there and that can become the one of the snapshot where it lies. */
export interface OpenedFile {
  readonly handle: FileHandle;
  /** What of its content differs. */
  readonly different: readonly ContentPart[];
}

/**
 * Opens a file that is there and compares it with what it is to be. A file with other names is not written to in
 * place, because they are none of the snapshot's business.
 */
export async function openAndCompare(
  path: Buffer,
  parts: readonly ContentPart[],
  signal: AbortSignal,
): Promise<OpenedFile | undefined> {
  const existing = existingItem(path);
  if (!existing?.isFile() || existing.nlink > 1n) return undefined;
  const handle = await openToWrite(path);
  if (!handle) return undefined;
  try {
    const different: ContentPart[] = [];
    for (const part of parts) {
      signal.throwIfAborted();
      if (!(await hasContent(handle, part))) different.push(part);
    }
    return { handle, different };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Undefined for a file that may be removed but not written to. */
async function openToWrite(path: Buffer): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES' || code === 'EPERM' || code === 'ETXTBSY') return undefined;
    throw error;
  }
}

/** Whether a file has a part of the content where it belongs. */
export async function hasContent(
  handle: FileHandle,
  { id, position, length }: ContentPart,
): Promise<boolean> {
  const content = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(content, done, length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return hash('sha256', content) === id;
}

/**
 * Writes parts that are zeros, and gives back the others. In a new file such parts are holes, and nobody writes
 * them; here something else is in their place.
 */
export async function writeZeros(
  handle: FileHandle,
  parts: readonly ContentPart[],
): Promise<readonly ContentPart[]> {
  const ids = new Map<number, string>();
  const rest: ContentPart[] = [];
  for (const part of parts) {
    const { length, position } = part;
    const zeros = Buffer.alloc(length);
    const id = ids.get(length) ?? hash('sha256', zeros);
    ids.set(length, id);
    if (part.id !== id) rest.push(part);
    else await handle.write(zeros, 0, length, position);
  }
  return rest;
}
