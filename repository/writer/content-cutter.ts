import { type Chunker, maxChunkBytes, minChunkBytes } from '../chunker/chunker.ts';
import type { BufferPool } from './buffer-pool.ts';

/** Bytes that are read at a time once a chunk may end. What lies behind the cut is copied to the next chunk. */
const stepBytes = 256 * 1024;

/** Fills the start of `space`, as far as it likes; 0 is the end. */
export type ReadInto = (space: Buffer) => Promise<number>;

export interface CutOptions {
  readonly read: ReadInto;
  readonly chunker: Chunker;
  readonly buffers: BufferPool;
  readonly signals: readonly AbortSignal[];
  readonly onBytes: ((bytes: number) => void) | undefined;
  /** Takes a chunk: the first `length` bytes of the buffer, which it must give back to the pool. */
  readonly onChunk: (buffer: Buffer, length: number) => void;
}

/** Reads content to its end and hands over its chunks in turn. Returns the number of bytes. */
export async function cutContent(options: CutOptions): Promise<bigint> {
  const { chunker, buffers, signals, onChunk } = options;
  let sizeBytes = 0n;
  let carry: Buffer | undefined;
  let chunk: Buffer | undefined = await buffers.take(signals);
  try {
    for (let filled = 0; ; ) {
      const scanned = filled;
      const bytes = await readStep(options, chunk, filled);
      if (bytes === 0) {
        if (filled === 0) return sizeBytes;
        onChunk(chunk, filled);
        chunk = undefined;
        return sizeBytes;
      }
      sizeBytes += BigInt(bytes);
      filled += bytes;
      const cut = chunker.findCut(chunk, scanned, filled);
      if (cut === 0) continue;
      // At most one step lies behind the cut, which is less than a chunk: it holds no further cut.
      carry ??= Buffer.allocUnsafeSlow(stepBytes);
      const restBytes = chunk.copy(carry, 0, cut, filled);
      onChunk(chunk, cut);
      chunk = undefined;
      chunk = await buffers.take(signals);
      filled = carry.copy(chunk, 0, 0, restBytes);
    }
  } finally {
    if (chunk) buffers.give(chunk);
  }
}

/** Reads a stream's pieces into the space that it is given. */
export function readStream(stream: AsyncIterable<Uint8Array>): ReadInto & { close(): Promise<void> } {
  const pieces = stream[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array(0);
  const readInto = async (space: Buffer): Promise<number> => {
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

async function readStep(options: CutOptions, chunk: Buffer, filled: number): Promise<number> {
  for (const signal of options.signals) signal.throwIfAborted();
  const end = filled < minChunkBytes ? minChunkBytes : Math.min(filled + stepBytes, maxChunkBytes);
  const bytes = await options.read(chunk.subarray(filled, end));
  if (bytes > 0) options.onBytes?.(bytes);
  return bytes;
}
