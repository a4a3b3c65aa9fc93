import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Failure } from '../../contracts/failures.ts';
import type { Store } from '../../stores/store.ts';
import type { BlobType, BlobWriter, SavedBlob, SavedContent, SaveOptions } from '../blobs.ts';
import { type Chunker, maxChunkBytes } from '../chunker/chunker.ts';
import type { Compressor } from '../compression.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { BlobIndex, IndexedPack } from '../index/blob-index.ts';
import type { Failpoint, SealedFiles } from '../sealed-files.ts';
import { BufferPool } from './buffer-pool.ts';
import { cutContent, type ReadInto, readDescriptor, readStream } from './content-cutter.ts';
import { IndexWriter } from './index-writer.ts';
import { PackAssembler } from './pack-assembler.ts';

/** Chunks in memory besides those that are compressed, one for each processor: one that is read, one that waits. */
const furtherChunks = 2;

export interface WriterOptions {
  readonly store: Store;
  readonly files: SealedFiles;
  readonly sealing: Sealing;
  readonly compressor: Compressor;
  readonly chunker: Chunker;
  readonly index: BlobIndex;
  readonly packBytes: number;
  readonly failpoint: Failpoint | undefined;
}

/**
 * The writer that works in this thread: cutting, hashing and sealing here, compression of large blobs in
 * Node's thread pool. A failure of a pack fails the writer, since other callers rely on the blobs in it.
 */
export class RepositoryWriter implements BlobWriter {
  readonly #options: WriterOptions;
  readonly #stop = new AbortController();
  readonly #chunks = new BufferPool(availableParallelism() + furtherChunks, maxChunkBytes);
  readonly #packs: PackAssembler;
  readonly #indexWriter: IndexWriter;
  /** Blobs that are on their way into a pack that is not stored yet. */
  readonly #pending = { data: new Set<string>(), tree: new Set<string>() };
  readonly #storing = new Set<Promise<unknown>>();

  constructor(options: WriterOptions) {
    this.#options = options;
    const { store, sealing, packBytes, failpoint, files } = options;
    this.#indexWriter = new IndexWriter(files);
    this.#packs = new PackAssembler({
      store,
      sealing,
      packBytes,
      failpoint,
      signal: this.#stop.signal,
      onStored: (pack) => this.#packIsStored(pack),
      onFailure: (error) => this.#stop.abort(error),
    });
  }

  /** Uses packs that no index names, and indexes them at once: a further attempt need not verify them again. */
  async adopt(packs: readonly IndexedPack[], signal?: AbortSignal): Promise<void> {
    for (const pack of packs) {
      this.#options.index.addPack(pack);
      this.#indexWriter.add(pack);
    }
    await this.checkpoint(signal);
  }

  /** The data must not change until the promise settles. */
  async saveBlob(type: BlobType, data: Uint8Array, signal?: AbortSignal): Promise<SavedBlob> {
    signal?.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    const id = hash('sha256', data);
    if (!this.#claim(type, id)) return { id, isNew: false, addedBytes: 0, storedBytes: 0 };
    return await this.#track(this.#store(type, id, data));
  }

  async saveStream(stream: AsyncIterable<Uint8Array>, options: SaveOptions): Promise<SavedContent> {
    const read = readStream(stream);
    try {
      return await this.#saveContent(read, options);
    } catch (error) {
      // Lets the source free what it holds; its own error at that is less than the one under way.
      await read.close().catch(() => undefined);
      throw error;
    }
  }

  async saveFile(fileDescriptor: number, options: SaveOptions): Promise<SavedContent> {
    return await this.#saveContent(readDescriptor(fileDescriptor), options);
  }

  /** Waits for the packs that are on their way, at most a few, so that they are in the index too. */
  async checkpoint(signal?: AbortSignal): Promise<void> {
    this.#stop.signal.throwIfAborted();
    await this.#packs.settle();
    this.#stop.signal.throwIfAborted();
    await this.#indexWriter.write(signal);
  }

  async finish(signal?: AbortSignal): Promise<void> {
    await Promise.allSettled(this.#storing);
    this.#stop.signal.throwIfAborted();
    signal?.throwIfAborted();
    await this.#packs.flush();
    this.#stop.signal.throwIfAborted();
    await this.#indexWriter.write(signal);
    this.#stop.abort(new Failure('Internal', 'The writer of the repository has finished.'));
  }

  async abort(): Promise<void> {
    this.#stop.abort(new Failure('Cancelled', 'Writing to the repository was stopped.'));
    await Promise.allSettled(this.#storing);
    await this.#packs.settle();
    await this.#indexWriter.settle();
  }

  async #saveContent(read: ReadInto, { signal, onBytes }: SaveOptions): Promise<SavedContent> {
    const content: string[] = [];
    const stored: Promise<SavedBlob>[] = [];
    const sizeBytes = await cutContent({
      read,
      chunker: this.#options.chunker,
      buffers: this.#chunks,
      signals: [signal, this.#stop.signal],
      onBytes,
      onChunk: (buffer, length) => {
        const data = buffer.subarray(0, length);
        const id = hash('sha256', data);
        content.push(id);
        if (this.#claim('data', id)) stored.push(this.#storeChunk(id, data, buffer));
        else this.#chunks.give(buffer);
      },
    });
    const blobs = await Promise.all(stored);
    return {
      content,
      sizeBytes,
      newBlobs: blobs.length,
      addedBytes: blobs.reduce((sum, blob) => sum + blob.addedBytes, 0),
      storedBytes: blobs.reduce((sum, blob) => sum + blob.storedBytes, 0),
    };
  }

  #storeChunk(id: string, data: Buffer, buffer: Buffer): Promise<SavedBlob> {
    return this.#track(this.#store('data', id, data).finally(() => this.#chunks.give(buffer)));
  }

  /** Whether the caller has to store the blob: nobody has, and nobody is about to. */
  #claim(type: BlobType, id: string): boolean {
    if (this.#pending[type].has(id) || this.#options.index.hasBlob(type, id)) return false;
    this.#pending[type].add(id);
    return true;
  }

  /**
   * Stores a claimed blob. The signal of the caller does not stop this, because others may count on the blob
   * by now.
   */
  async #store(type: BlobType, id: string, data: Uint8Array): Promise<SavedBlob> {
    try {
      const { compressor } = this.#options;
      const compressed = await (type === 'tree'
        ? compressor.compressMetadata(data)
        : compressor.compressData(data));
      this.#stop.signal.throwIfAborted();
      const blob = compressed
        ? { id, content: compressed, uncompressedLength: data.length }
        : { id, content: data };
      const storedBytes = await this.#packs.add(type, blob);
      return { id, isNew: true, addedBytes: data.length, storedBytes };
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    }
  }

  #packIsStored(pack: IndexedPack): void {
    this.#options.index.addPack(pack);
    for (const { type, id } of pack.blobs) this.#pending[type].delete(id);
    this.#indexWriter.add(pack);
    if (this.#indexWriter.isFull) {
      void this.#track(this.#indexWriter.write(this.#stop.signal).catch((error) => this.#stop.abort(error)));
    }
  }

  /** Lets `finish` wait for work that its caller may not await. */
  #track<T>(work: Promise<T>): Promise<T> {
    this.#storing.add(work);
    const forget = () => {
      this.#storing.delete(work);
    };
    work.then(forget, forget);
    return work;
  }
}
