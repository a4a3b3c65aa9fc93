import { hash } from 'node:crypto';
import { Failure } from '../../contracts/failures.ts';
import type { Store } from '../../stores/store.ts';
import type {
  BlobType,
  BlobWriter,
  FileToSave,
  SavedBlob,
  SavedContent,
  SavedFile,
  SaveOptions,
  SmallFile,
} from '../blobs.ts';
import { type LargeFile, smallFileBytes } from '../blobs.ts';
import type { Chunker } from '../chunker/chunker.ts';
import type { Compressor } from '../compression.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { BlobIndex, IndexedPack, ListedPack } from '../index/blob-index.ts';
import { IdTable } from '../index/id-table.ts';
import type { Failpoint, SealedFiles } from '../sealed-files.ts';
import { BufferPool } from './buffer-pool.ts';
import { FileBatches } from './file-batches.ts';
import { IndexWriter } from './index-writer.ts';
import { Lanes, laneThreads } from './lanes/lanes.ts';
import type { LaneSetup } from './lanes/messages.ts';
import { saveLargeFile } from './large-file.ts';
import { readPieces, saveStream } from './large-stream.ts';
import { PackAssembler } from './pack-assembler.ts';
import { packMemory } from './pack-memory.ts';
import { PackUploads } from './pack-uploads.ts';
import { windowBytes } from './stream-window.ts';

/** Streams that are read at the same time. Windows that are not used take no memory. */
const streamsInFlight = 4;

/** Packs in memory: one for each thread and one of trees that fill, and some on their way to the store. */
export const packBuffers = Math.ceil(1.5 * laneThreads) + 2;

export interface WriterOptions {
  readonly store: Store;
  readonly files: SealedFiles;
  readonly sealing: Sealing;
  readonly compressor: Compressor;
  readonly chunker: Chunker;
  readonly index: BlobIndex;
  /** For those who work on content. */
  readonly lanes: LaneSetup;
  readonly failpoint: Failpoint | undefined;
}

/**
 * The writer of one run. Content is read, hashed, compressed and sealed by lanes, which are threads as soon as
 * it is worth it; what blobs there are, packs on their way to the store, trees and indexes are looked after here.
 * A failure of a pack fails the writer, since other callers rely on the blobs in it.
 */
export class RepositoryWriter implements BlobWriter {
  readonly #options: WriterOptions;
  readonly #stop = new AbortController();
  readonly #windows = new BufferPool(streamsInFlight, windowBytes, (bytes) =>
    Buffer.from(new SharedArrayBuffer(bytes)),
  );
  readonly #uploads: PackUploads;
  readonly #packs: PackAssembler;
  readonly #lanes: Lanes;
  readonly #smallFiles: FileBatches;
  readonly #indexWriter: IndexWriter;
  /** Blobs that are on their way into a pack that is not stored yet. */
  readonly #pending = { data: new IdTable(), tree: new IdTable() };
  readonly #storing = new Set<Promise<unknown>>();

  constructor(options: WriterOptions) {
    this.#options = options;
    const { store, sealing, failpoint, files, lanes, chunker } = options;
    const { signal } = this.#stop;
    this.#indexWriter = new IndexWriter(files);
    const onStored = (pack: ListedPack) => this.#packIsStored(pack);
    const onFailure = (error: unknown) => this.#stop.abort(error);
    this.#uploads = new PackUploads({ store, failpoint, signal, onStored, onFailure });
    const { packBytes } = lanes;
    const uploads = this.#uploads;
    const memory = packMemory(packBuffers, packBytes);
    this.#packs = new PackAssembler({ uploads, sealing, packBytes, memory, signal });
    this.#lanes = new Lanes(lanes, chunker, {
      claim: (ids) => this.#claimAll(ids),
      takePackMemory: () => memory.take([signal]),
      givePackMemory: (buffer) => memory.give(buffer),
      onPack: (pack, release) => this.#uploads.start(() => pack, release),
      onFailure,
    });
    this.#smallFiles = new FileBatches(this.#lanes, signal);
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
    const read = readPieces(stream);
    const signals = [options.signal, this.#stop.signal];
    try {
      const saved = await saveStream(read, {
        lanes: this.#lanes,
        windows: this.#windows,
        signals,
        onBytes: options.onBytes,
        onChunk: (stored) => void this.#track(stored),
      });
      this.#stop.signal.throwIfAborted();
      return saved;
    } catch (error) {
      // Lets the source free what it holds; its own error at that is less than the one under way.
      await read.close().catch(() => undefined);
      throw error;
    }
  }

  async saveFile(file: FileToSave, options: SaveOptions): Promise<SavedFile> {
    options.signal.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    const saved = await this.#track(this.#saveFile(file, options));
    options.signal.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    return saved;
  }

  saveSmallFile(file: SmallFile): void {
    if (this.#stop.signal.aborted) file.failed(this.#stop.signal.reason);
    else this.#smallFiles.save(file);
  }

  /** Waits for the packs that are on their way, at most a few, so that they are in the index too. */
  async checkpoint(signal?: AbortSignal): Promise<void> {
    this.#stop.signal.throwIfAborted();
    await this.#uploads.settle();
    this.#stop.signal.throwIfAborted();
    await this.#indexWriter.write(signal);
  }

  async finish(signal?: AbortSignal): Promise<void> {
    try {
      await Promise.allSettled(this.#storing);
      this.#stop.signal.throwIfAborted();
      signal?.throwIfAborted();
      this.#packs.flush();
      await this.#lanes.flush();
      await this.#uploads.settle();
      this.#stop.signal.throwIfAborted();
      await this.#indexWriter.write(signal);
      this.#stop.abort(new Failure('Internal', 'The writer of the repository has finished.'));
    } finally {
      // Without it, threads would stay until the caller aborts.
      if (this.#stop.signal.aborted) await this.#lanes.close(this.#stop.signal.reason);
    }
  }

  async abort(): Promise<void> {
    this.#stop.abort(new Failure('Cancelled', 'Writing to the repository was stopped.'));
    await this.#lanes.close(this.#stop.signal.reason);
    await Promise.allSettled(this.#storing);
    await this.#uploads.settle();
    await this.#indexWriter.settle();
  }

  async #saveFile(file: FileToSave, options: SaveOptions): Promise<SavedFile> {
    const { onBytes, signal } = options;
    if ((file.metadata.size ?? 0n) <= smallFileBytes) {
      const saved = await new Promise<SavedFile | LargeFile>((resolve, reject) =>
        this.saveSmallFile({ ...file, saved: resolve, failed: reject }),
      );
      if (saved.kind === 'stored') onBytes?.(Number(saved.saved.sizeBytes));
      if (saved.kind !== 'large') return saved;
    }
    const either = AbortSignal.any([signal, this.#stop.signal]);
    return await saveLargeFile(file, { lanes: this.#lanes, signal: either, ...(onBytes && { onBytes }) });
  }

  /** Once the writer has failed, nothing more is stored. */
  #claimAll(ids: readonly string[]): Uint8Array {
    const wanted = new Uint8Array(ids.length);
    if (this.#stop.signal.aborted) return wanted;
    for (const [index, id] of ids.entries()) wanted[index] = this.#claim('data', id) ? 1 : 0;
    return wanted;
  }

  /** Whether the caller has to store the blob: nobody has, and nobody is about to. */
  #claim(type: BlobType, id: string): boolean {
    if (this.#pending[type].find(id) >= 0 || this.#options.index.hasBlob(type, id)) return false;
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

  #packIsStored(pack: ListedPack): void {
    this.#options.index.addPack(pack);
    for (const { type, id } of pack.blobs) this.#pending[type].remove(id);
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
