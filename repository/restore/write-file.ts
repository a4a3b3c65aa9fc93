import { closeSync, constants, ftruncateSync, open, unlinkSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { Failure } from '../../contracts/failures.ts';
import type { BlobReader } from '../blobs.ts';
import { shortId } from '../ids.ts';
import type { Slots } from '../tasks/slots.ts';
import type { TreeNode } from '../tree/node.ts';

const openAsync = promisify(open);
const writeAsync = promisify(write);

/** Up to here a write into the cache of the system takes less time than handing it to another thread. */
const synchronousBytes = 256 * 1024;
const zeros = Buffer.alloc(8 * 1024 * 1024);

export interface ContentSource {
  readonly reader: BlobReader;
  readonly signal: AbortSignal;
  /** Bounds the blobs in memory, over all files. */
  readonly blobs: Slots;
  readonly onBytes: (bytes: number) => void;
  /** Called when the content is written and the file still open. */
  readonly onWritten: (descriptor: number) => void;
}

/**
 * Writes the content of a file that does not exist yet. Every blob is verified as it is read; blobs of zeros
 * become holes. A file that could not be written whole is removed.
 * @throws {Failure} RepositoryDamaged; errors of the file system as they are
 */
export async function writeFile(path: Buffer, node: TreeNode, source: ContentSource): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const parts = contentParts(node, source.reader);
  // Making a file is the slowest call of all, so it goes to another thread.
  const descriptor = await openAsync(path, flags, 0o600);
  try {
    await writeParts(descriptor, parts, source);
    source.onWritten(descriptor);
  } catch (error) {
    removeQuietly(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

interface ContentPart {
  readonly id: string;
  readonly offset: number;
  readonly length: number;
  readonly isLast: boolean;
}

/** @throws {Failure} RepositoryDamaged when blobs are missing or do not add up to the size of the file */
function contentParts(node: TreeNode, reader: BlobReader): readonly ContentPart[] {
  const { content } = node;
  if (!content) throw new Failure('RepositoryDamaged', 'Its node has no content.');
  const parts: ContentPart[] = [];
  let offset = 0;
  for (const [index, id] of content.entries()) {
    const length = reader.blobSize('data', id);
    if (length === undefined)
      throw new Failure('RepositoryDamaged', `No index names its data blob ${shortId(id)}.`);
    parts.push({ id, offset, length, isLast: index === content.length - 1 });
    offset += length;
  }
  if (BigInt(offset) === (node.size ?? 0n)) return parts;
  throw new Failure('RepositoryDamaged', `Its blobs have ${offset} bytes, its node says ${node.size ?? 0n}.`);
}

/** Blobs are read side by side and written where they belong, in any order. */
async function writeParts(
  descriptor: number,
  parts: readonly ContentPart[],
  source: ContentSource,
): Promise<void> {
  const writing: Promise<void>[] = [];
  let isFailing = false;
  for (const part of parts) {
    await source.blobs.acquire();
    if (isFailing || source.signal.aborted) {
      source.blobs.release();
      break;
    }
    const task = writePart(descriptor, part, source).finally(() => source.blobs.release());
    task.catch(() => {
      isFailing = true;
    });
    writing.push(task);
  }
  // The descriptor stays open until nobody uses it.
  await Promise.allSettled(writing);
  source.signal.throwIfAborted();
  await Promise.all(writing);
}

async function writePart(descriptor: number, part: ContentPart, source: ContentSource): Promise<void> {
  const data = await source.reader.loadBlob('data', part.id, source.signal);
  if (data.length !== part.length)
    throw new Failure('RepositoryDamaged', `Its data blob ${shortId(part.id)} has another length.`);
  if (isHole(data)) {
    if (part.isLast) ftruncateSync(descriptor, part.offset + part.length);
  } else if (data.length <= synchronousBytes) writeWhole(descriptor, data, part.offset);
  else await writeWholeAsync(descriptor, data, part.offset);
  source.onBytes(data.length);
}

function isHole(data: Buffer): boolean {
  return data.length >= 65_536 && data.length <= zeros.length && data.equals(zeros.subarray(0, data.length));
}

function writeWhole(descriptor: number, data: Buffer, offset: number): void {
  for (let done = 0; done < data.length; ) {
    done += writeSync(descriptor, data, done, data.length - done, offset + done);
  }
}

async function writeWholeAsync(descriptor: number, data: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await writeAsync(descriptor, data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}

function removeQuietly(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch {
    // The error that led here says more.
  }
}
