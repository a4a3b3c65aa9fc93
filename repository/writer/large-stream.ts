import { Failure } from '../../contracts/failures.ts';
import type { SavedContent } from '../blobs.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { LaneJob, StoredBlobs } from './lanes/lane.ts';
import type { Lanes } from './lanes/lanes.ts';
import { sumOf, usualChunkBytes } from './large-file.ts';
import { type ReadInto, StreamWindow } from './stream-window.ts';

export interface StreamOptions {
  readonly lanes: Lanes;
  /** Memory for windows, which bounds the streams that are read at the same time. */
  readonly windows: BufferPool;
  readonly signals: readonly AbortSignal[];
  readonly onBytes: ((bytes: number) => void) | undefined;
  readonly onChunk: (stored: Promise<StoredBlobs>) => void;
}

/** Saves a stream chunk by chunk, like a large file: while a lane looks for the end of a chunk, more is read. */
export async function saveStream(read: ReadInto, options: StreamOptions): Promise<SavedContent> {
  const ring = await options.windows.take(options.signals);
  const window = new StreamWindow(ring);
  const chunks: Promise<StoredBlobs>[] = [];
  const fillWhile = async (isWanted: () => boolean): Promise<void> => {
    while (isWanted() && window.canFill) {
      for (const signal of options.signals) signal.throwIfAborted();
      const bytes = await window.fill(read);
      if (bytes > 0) options.onBytes?.(bytes);
    }
  };
  let isCutting = false;
  try {
    for (;;) {
      await fillWhile(() => !window.hasChunk);
      if (window.isAtEnd) return sumOf(await Promise.all(chunks));
      const job = await beginCut(options.lanes, ring, window);
      isCutting = true;
      const filling = fillWhile(() => isCutting);
      filling.catch(() => {});
      const { length } = await job.cut;
      isCutting = false;
      chunks.push(job.stored);
      options.onChunk(job.stored);
      await filling;
      window.release(length);
    }
  } finally {
    // A lane that has not told where its chunk ends may still read: the writer is at its end then.
    if (!isCutting) options.windows.give(ring);
  }
}

function beginCut(lanes: Lanes, ring: Buffer, window: StreamWindow): Promise<LaneJob> {
  const memory = ring.buffer;
  if (!(memory instanceof SharedArrayBuffer)) {
    throw new Failure('Internal', 'The window of a stream is not in shared memory.');
  }
  return lanes.begin(
    (job, lane) => ({ kind: 'cut', job, window: { ...window.view(), buffer: lane.share(memory) } }),
    usualChunkBytes,
  );
}

/** Reads a stream's pieces into the space that it is given. */
export function readPieces(stream: AsyncIterable<Uint8Array>): ReadInto & { close(): Promise<void> } {
  const pieces = stream[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array(0);
  const readInto = async (space: Uint8Array): Promise<number> => {
    while (piece.length === 0) {
      const next = await pieces.next();
      if (next.done) return 0;
      piece = next.value;
    }
    const bytes = Math.min(piece.length, space.length);
    space.set(piece.subarray(0, bytes));
    piece = piece.subarray(bytes);
    return bytes;
  };
  const close = async (): Promise<void> => {
    await pieces.return?.();
  };
  return Object.assign(readInto, { close });
}
