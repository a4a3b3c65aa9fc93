import type { Store } from '../../stores/store.ts';

const segmentBytes = 1024 * 1024;
const keptSegments = 8;

/** Blobs up to this length are read together with their neighbours. */
export const smallBlobBytes = 256 * 1024;

export interface PackRange {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads small blobs a megabyte at a time: trees and small files lie in their packs in the order in which they
 * are wanted again, and a request costs more than the bytes around a blob. Keeps the last 8 MiB.
 */
export class PackSegments {
  readonly #store: Store;
  /** By pack and number; the longest unused first. */
  readonly #segments = new Map<string, Promise<Buffer | undefined>>();
  readonly #sizes = new Map<string, Promise<number | undefined>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Bytes of a pack; undefined when there is no such pack.
   * @throws {Failure} of the store; RepositoryDamaged when the pack ends before the range does
   */
  async load(range: PackRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    signal?.throwIfAborted();
    const size = await this.#sizeOf(range.pack);
    signal?.throwIfAborted();
    const end = range.offset + range.length;
    if (size === undefined || end > size) {
      return await this.#store.load({ type: 'data', name: range.pack }, range, signal);
    }
    const parts: Buffer[] = [];
    for (let offset = range.offset; offset < end; ) {
      const number = Math.floor(offset / segmentBytes);
      const segment = await this.#segment(range.pack, number, size);
      signal?.throwIfAborted();
      if (!segment) return undefined;
      const start = number * segmentBytes;
      const stop = Math.min(end, start + segmentBytes);
      parts.push(segment.subarray(offset - start, stop - start));
      offset = stop;
    }
    const [only, ...more] = parts;
    return only && more.length === 0 ? only : Buffer.concat(parts);
  }

  /** Reads a pack anew from now on, since it may have been read wrongly. */
  forget(pack: string): void {
    this.#sizes.delete(pack);
    for (const key of [...this.#segments.keys()]) {
      if (key.startsWith(pack)) this.#segments.delete(key);
    }
  }

  /** Loads are shared by all who wait for them, so no caller's signal ends them. */
  #segment(pack: string, number: number, size: number): Promise<Buffer | undefined> {
    const key = `${pack}:${number}`;
    let segment = this.#segments.get(key);
    this.#segments.delete(key);
    if (!segment) {
      const offset = number * segmentBytes;
      const length = Math.min(segmentBytes, size - offset);
      segment = this.#store.load({ type: 'data', name: pack }, { offset, length });
      segment.catch(() => this.#segments.delete(key));
    }
    this.#segments.set(key, segment);
    const [oldest] = this.#segments.keys();
    if (this.#segments.size > keptSegments && oldest !== undefined) this.#segments.delete(oldest);
    return segment;
  }

  #sizeOf(pack: string): Promise<number | undefined> {
    let size = this.#sizes.get(pack);
    if (!size) {
      size = this.#store.size({ type: 'data', name: pack });
      size.catch(() => this.#sizes.delete(pack));
      this.#sizes.set(pack, size);
      const [oldest] = this.#sizes.keys();
      if (this.#sizes.size > keptSegments && oldest !== undefined) this.#sizes.delete(oldest);
    }
    return size;
  }
}
