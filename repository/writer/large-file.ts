import { closeSync, fstatSync } from 'node:fs';
import type { FileToSave, SavedContent, SavedFile, SaveOptions } from '../blobs.ts';
import { type LaneJob, type StoredBlobs, UnreadableError } from './lanes/lane.ts';
import type { Lanes } from './lanes/lanes.ts';
import {
  foreign,
  isChanged,
  isForeign,
  notAFile,
  openForReading,
  plainStat,
  unreadable,
} from './lanes/open-file.ts';

/** Bytes that a chunk has on average, to know when threads are worth their start. */
export const usualChunkBytes = 1024 * 1024;

export interface LargeFileOptions extends SaveOptions {
  readonly lanes: Lanes;
}

/**
 * Saves a file chunk by chunk. Each chunk can go to another lane: where it ends is told as soon as it is found,
 * so that the next one is cut while this one is hashed and stored.
 */
export async function saveLargeFile(
  { path, metadata }: FileToSave,
  options: LargeFileOptions,
): Promise<SavedFile> {
  let descriptor: number;
  try {
    descriptor = openForReading(path, metadata.uid);
  } catch (error) {
    return { kind: 'skipped', reason: unreadable(error) };
  }
  try {
    const before = fstatSync(descriptor, { bigint: true });
    if (!before.isFile()) return { kind: 'skipped', reason: notAFile };
    if (isForeign(before, metadata.uid)) return { kind: 'skipped', reason: foreign };
    const saved = await cutFile(descriptor, options);
    const after = fstatSync(descriptor, { bigint: true });
    return {
      kind: 'stored',
      saved,
      stat: plainStat(before),
      isChanged: isChanged(before, after, saved.sizeBytes),
    };
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { kind: 'skipped', reason: error.message };
  } finally {
    // No lane reads from it any more: each cut was waited for.
    closeSync(descriptor);
  }
}

async function cutFile(descriptor: number, options: LargeFileOptions): Promise<SavedContent> {
  const chunks: Promise<StoredBlobs>[] = [];
  for (let position = 0; ; ) {
    options.signal.throwIfAborted();
    const job: LaneJob = await beginAt(options.lanes, descriptor, position);
    const { length, isEnd } = await job.cut;
    if (length > 0) {
      chunks.push(job.stored);
      options.onBytes?.(length);
    }
    position += length;
    if (isEnd) return sumOf(await Promise.all(chunks));
  }
}

function beginAt(lanes: Lanes, descriptor: number, position: number): Promise<LaneJob> {
  return lanes.begin((job) => ({ kind: 'cut', job, file: { descriptor, position } }), usualChunkBytes);
}

/** The content that consists of the blobs of all jobs, in turn. */
export function sumOf(jobs: readonly StoredBlobs[]): SavedContent {
  const content: string[] = [];
  let sizeBytes = 0n;
  let newBlobs = 0;
  let addedBytes = 0;
  let storedBytes = 0;
  for (const { ids, sizes, lengths } of jobs) {
    for (const [index, id] of ids.entries()) {
      const [size = 0, length = 0] = [sizes[index], lengths[index]];
      content.push(id);
      sizeBytes += BigInt(size);
      storedBytes += length;
      if (length === 0) continue;
      newBlobs += 1;
      addedBytes += size;
    }
  }
  return { content, sizeBytes, newBlobs, addedBytes, storedBytes };
}
