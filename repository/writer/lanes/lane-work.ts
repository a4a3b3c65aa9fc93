import { hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { Failure } from '../../../contracts/failures.ts';
import { type Chunker, maxChunkBytes, minChunkBytes } from '../../chunker/chunker.ts';
import { ThreadCompressor } from '../../compression.ts';
import { Sealing } from '../../crypto/sealing.ts';
import { LanePacks } from './lane-packs.ts';
import type {
  FilePosition,
  FilesRead,
  LaneOrder,
  LaneReport,
  LaneSetup,
  SharedBuffer,
  SharedWindow,
} from './messages.ts';
import { unreadable } from './open-file.ts';
import { readFiles } from './read-files.ts';

/** Bytes that are read at a time once a chunk may end. */
const stepBytes = 256 * 1024;

export type Report = (report: LaneReport) => void;

type CutOrder = Extract<LaneOrder, { readonly kind: 'cut' }>;
type ContentOrder = Extract<LaneOrder, { readonly kind: 'files' | 'cut' }>;

/** Content that was read and hashed: blobs one after the other in a buffer. */
interface Content {
  readonly job: number;
  readonly buffer: Buffer;
  readonly ids: readonly string[];
  readonly sizes: Uint32Array;
}

/** Fills a buffer with bytes of the chunk, from and to a position; returns how many, 0 at the end. */
type ChunkReader = (target: Buffer, from: number, to: number) => number;

interface Storing {
  readonly content: Content;
  readonly wanted: Uint8Array;
  readonly lengths: Uint32Array;
  next: number;
  offset: number;
}

/**
 * Does the work of a writer between bytes and packs, one step after the other without waiting, on buffers that
 * are made once: reads, cuts, hashes, then compresses, seals and packs. Who gives the orders bounds the jobs
 * under way, and with them the buffers.
 */
export class LaneWork {
  readonly #report: Report;
  readonly #chunker: Chunker;
  readonly #compressor: ThreadCompressor;
  readonly #packs: LanePacks;
  readonly #reads: ContentOrder[] = [];
  readonly #stores: Storing[] = [];
  readonly #flushes: number[] = [];
  readonly #hashed = new Map<number, Content>();
  readonly #freeBuffers: Buffer[] = [];
  readonly #sharedBuffers = new Map<number, Buffer>();
  #isScheduled = false;
  #isStopped = false;

  constructor(setup: LaneSetup, chunker: Chunker, report: Report) {
    this.#report = report;
    this.#chunker = chunker;
    this.#compressor = new ThreadCompressor(setup.compression);
    const sealing = new Sealing(setup.masterKey);
    this.#packs = new LanePacks({ sealing, packBytes: setup.packBytes, report });
  }

  /** Takes an order; reports come later. */
  take(order: LaneOrder): void {
    switch (order.kind) {
      case 'files':
      case 'cut':
        this.#reads.push(order);
        break;
      case 'store':
        this.#beginStoring(order.job, order.wanted);
        break;
      case 'room':
        this.#packs.takeRoom({ number: order.buffer.number, bytes: this.#sharedBuffer(order.buffer) });
        break;
      case 'flush':
        this.#flushes.push(order.job);
        break;
    }
    this.#schedule();
  }

  /** Does nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  #beginStoring(job: number, wanted: Uint8Array): void {
    const content = this.#hashed.get(job);
    if (!content)
      throw new Failure('Internal', `A lane was told to store job ${job}, which it has not read.`);
    this.#hashed.delete(job);
    this.#stores.push({ content, wanted, lengths: new Uint32Array(wanted.length), next: 0, offset: 0 });
  }

  /** Lets orders arrive between steps, so that reading, which others wait for, comes before storing. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      try {
        if (this.#step()) this.#schedule();
      } catch (error) {
        const advice = error instanceof Failure ? { advice: error.advice } : {};
        this.#report({
          kind: 'failed',
          message: error instanceof Error ? error.message : String(error),
          ...advice,
        });
      }
    });
  }

  /** One piece of work; false when there is none, or none that can go on. */
  #step(): boolean {
    const read = this.#reads.shift();
    if (read) {
      this.#read(read);
      return true;
    }
    const storing = this.#stores[0];
    if (storing) {
      if (!this.#store(storing)) return false;
      this.#stores.shift();
      this.#finishContent(storing);
      return true;
    }
    const flush = this.#flushes.shift();
    if (flush === undefined) return false;
    this.#packs.close();
    // There will hardly be more to do.
    this.#freeBuffers.length = 0;
    this.#report({ kind: 'flushed', job: flush });
    return true;
  }

  #read(order: ContentOrder): void {
    switch (order.kind) {
      case 'files':
        this.#readFiles(order);
        break;
      case 'cut':
        this.#readChunk(order);
        break;
    }
  }

  #sharedBuffer({ number, memory }: SharedBuffer): Buffer {
    if (memory) this.#sharedBuffers.set(number, Buffer.from(memory));
    const buffer = this.#sharedBuffers.get(number);
    if (!buffer) throw new Failure('Internal', `A lane was not given the buffer ${number}.`);
    return buffer;
  }

  #readFiles({ job, files }: Extract<ContentOrder, { readonly kind: 'files' }>): void {
    const buffer = this.#takeBuffer();
    const read = readFiles(files, buffer);
    const sizes = read.sizes.filter((bytes) => bytes > 0);
    this.#hash({ job, buffer, sizes }, read);
  }

  /** Reports the end of the chunk before it does more, because the next chunk begins there. */
  #readChunk(order: CutOrder): void {
    const { job } = order;
    const buffer = this.#takeBuffer();
    let found: { readonly length: number; readonly isEnd: boolean };
    try {
      found = this.#cut('file' in order ? fileReader(order.file) : this.#windowReader(order.window), buffer);
    } catch (error) {
      this.#freeBuffers.push(buffer);
      this.#report({ kind: 'unreadable', job, reason: unreadable(error) });
      return;
    }
    this.#report({ kind: 'cut', job, ...found });
    const sizes = found.length === 0 ? new Uint32Array() : Uint32Array.of(found.length);
    this.#hash({ job, buffer, sizes });
  }

  #cut(read: ChunkReader, buffer: Buffer): { length: number; isEnd: boolean } {
    for (let filled = 0; ; ) {
      const end = filled < minChunkBytes ? minChunkBytes : Math.min(filled + stepBytes, maxChunkBytes);
      const bytes = read(buffer, filled, end);
      if (bytes === 0) return { length: filled, isEnd: true };
      const cut = this.#chunker.findCut(buffer, filled, filled + bytes);
      if (cut > 0) return { length: cut, isEnd: false };
      filled += bytes;
    }
  }

  #windowReader({ buffer, start, length }: SharedWindow): ChunkReader {
    const ring = this.#sharedBuffer(buffer);
    return (target, from, to) => {
      const end = Math.min(to, length);
      for (let filled = from; filled < end; ) {
        const place = (start + filled) % ring.length;
        filled += ring.copy(target, filled, place, place + end - filled);
      }
      return end - from;
    };
  }

  #hash(read: Omit<Content, 'ids'>, files?: FilesRead): void {
    const ids: string[] = [];
    let offset = 0;
    for (const size of read.sizes) {
      ids.push(hash('sha256', read.buffer.subarray(offset, offset + size)));
      offset += size;
    }
    this.#hashed.set(read.job, { ...read, ids });
    this.#report({ kind: 'read', job: read.job, ids, ...(files && { files }) });
  }

  /** Stores the rest of the blobs; false when a pack buffer must come back first. */
  #store(storing: Storing): boolean {
    const { content, wanted, lengths } = storing;
    for (; storing.next < wanted.length; storing.next++) {
      const size = content.sizes[storing.next] ?? 0;
      if (wanted[storing.next] === 1) {
        if (!this.#packs.makeRoom(size)) return false;
        const id = content.ids[storing.next] ?? '';
        const data = content.buffer.subarray(storing.offset, storing.offset + size);
        const compressed = this.#compressor.compressData(data);
        lengths[storing.next] = this.#packs.add(
          compressed ? { id, content: compressed, uncompressedLength: data.length } : { id, content: data },
        );
      }
      storing.offset += size;
    }
    return true;
  }

  #finishContent({ content, lengths }: Storing): void {
    const { job, sizes, buffer } = content;
    this.#freeBuffers.push(buffer);
    this.#report({ kind: 'stored', job, lengths, sizes });
  }

  /** The one given back last is lent first: its pages are there already. */
  #takeBuffer(): Buffer {
    return this.#freeBuffers.pop() ?? Buffer.allocUnsafeSlow(maxChunkBytes);
  }
}

function fileReader({ descriptor, position }: FilePosition): ChunkReader {
  return (target, from, to) => readSync(descriptor, target, from, to - from, position + from);
}
