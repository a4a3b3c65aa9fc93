import { maxChunkBytes } from '../chunker/chunker.ts';
import type { SharedWindow } from './lanes/messages.ts';

/** Fills the start of `space`, as far as it likes; 0 is the end. */
export type ReadInto = (space: Uint8Array) => Promise<number>;

/** A chunk of the greatest length, and room for what arrives while its end is looked for. */
export const windowBytes = maxChunkBytes + 4 * 1024 * 1024;

/**
 * The part of a stream that is in memory: a ring in memory that lanes see too. They copy a chunk out of it as they
 * look for the chunk's end.
 */
export class StreamWindow {
  readonly #ring: Buffer;
  /** Where the next chunk begins in the ring. */
  #start = 0;
  #filled = 0;
  #isEnded = false;

  constructor(ring: Buffer) {
    this.#ring = ring;
  }

  /** Whether the next chunk can be cut: its end is in memory, wherever it is. */
  get hasChunk(): boolean {
    return this.#filled >= maxChunkBytes || (this.#isEnded && this.#filled > 0);
  }

  /** Whether there is nothing more. */
  get isAtEnd(): boolean {
    return this.#isEnded && this.#filled === 0;
  }

  /** Whether there is room, and more may come. */
  get canFill(): boolean {
    return !this.#isEnded && this.#filled < this.#ring.length;
  }

  /** What a lane can cut a chunk from. */
  view(): Omit<SharedWindow, 'buffer'> {
    return { start: this.#start, length: this.#filled };
  }

  /** Reads once; returns the bytes. Bytes that a lane was given to cut are not touched. */
  async fill(read: ReadInto): Promise<number> {
    const from = (this.#start + this.#filled) % this.#ring.length;
    const to = Math.min(from + this.#ring.length - this.#filled, this.#ring.length);
    const bytes = await read(this.#ring.subarray(from, to));
    this.#filled += bytes;
    this.#isEnded = bytes === 0;
    return bytes;
  }

  /** Lets go of a chunk that was cut. */
  release(bytes: number): void {
    this.#start = (this.#start + bytes) % this.#ring.length;
    this.#filled -= bytes;
  }
}
