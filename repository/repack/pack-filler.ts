import type { PackContent, Store } from '../../stores/store.ts';
import type { BlobType } from '../blobs.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { ListedPack } from '../index/blob-index.ts';
import type { PackedBlob } from '../pack/header.ts';
import type { NewBlob } from '../pack/pack-builder.ts';
import type { Failpoint, SealedFiles } from '../sealed-files.ts';
import { IndexWriter } from '../writer/index-writer.ts';
import { PackAssembler } from '../writer/pack-assembler.ts';
import { packMemory } from '../writer/pack-memory.ts';
import { PackUploads } from '../writer/pack-uploads.ts';

/** The open packs of data and of trees, and three that are stored: on a line with latency, one alone would mostly wait. */
const packBuffers = 2 + 3;
/** Packs that wait for an index: what one who is killed has to do again at most. */
const packsPerIndex = 16;

export interface PackFillerOptions {
  readonly store: Store;
  readonly sealing: Sealing;
  /** For the index of what is stored. */
  readonly files: SealedFiles;
  /** A pack is stored when its blobs have this many bytes. */
  readonly packBytes: number;
  readonly failpoint: Failpoint | undefined;
  readonly signal: AbortSignal;
}

/**
 * Fills new packs with blobs that are compressed already, data and trees apart, stores each while others fill, and
 * indexes them. For copying; nothing is looked up and nothing is stored once only: the caller chooses the blobs.
 * A pack that cannot be stored fails what comes after it.
 */
export class PackFiller {
  readonly #failed = new AbortController();
  readonly #stop: AbortSignal;
  readonly #uploads: PackUploads;
  readonly #packs: PackAssembler;
  readonly #index: IndexWriter;
  #unindexed = 0;
  #written = 0;

  constructor(options: PackFillerOptions) {
    const { store, sealing, files, packBytes, failpoint } = options;
    const signal = AbortSignal.any([options.signal, this.#failed.signal]);
    this.#stop = signal;
    this.#index = new IndexWriter(files);
    const onStored = (pack: ListedPack) => this.#packIsStored(pack);
    const onFailure = (error: unknown) => this.#failed.abort(error);
    const uploads = new PackUploads({ store, signal, failpoint, onStored, onFailure });
    this.#uploads = uploads;
    const memory = packMemory(packBuffers, packBytes);
    this.#packs = new PackAssembler({ uploads, sealing, packBytes, memory, signal });
  }

  /** Packs that were stored. */
  get packsWritten(): number {
    return this.#written;
  }

  /** Seals a blob. */
  async add(type: BlobType, blob: NewBlob): Promise<void> {
    this.#stop.throwIfAborted();
    await this.#packs.add(type, blob);
  }

  /** Copies a blob that the key of the repository has sealed already, into a pack that holds such. */
  async addSealed(blob: PackedBlob, sealed: Uint8Array, holds?: PackContent): Promise<void> {
    this.#stop.throwIfAborted();
    await this.#packs.addSealed(blob, sealed, holds);
  }

  /** Stores the packs that are not full, and an index of what no earlier one names. */
  async finish(): Promise<void> {
    this.#stop.throwIfAborted();
    this.#packs.flush();
    await this.#uploads.settle();
    this.#stop.throwIfAborted();
    await this.#index.write(this.#stop);
  }

  /** Stops what is under way, and waits until it has; does nothing after `finish`. */
  async abort(reason: unknown): Promise<void> {
    this.#failed.abort(reason);
    await this.#uploads.settle();
    await this.#index.settle();
  }

  #packIsStored(pack: ListedPack): void {
    this.#index.add(pack);
    this.#written += 1;
    this.#unindexed += 1;
    if (this.#unindexed < packsPerIndex && !this.#index.isFull) return;
    this.#unindexed = 0;
    this.#index.write(this.#stop).catch((error: unknown) => this.#failed.abort(error));
  }
}

/** Lets `fill` use a filler, and finishes it, or stops it when that fails. */
export async function fillPacks(
  options: PackFillerOptions,
  fill: (packs: PackFiller) => Promise<void>,
): Promise<{ readonly packsWritten: number }> {
  const filler = new PackFiller(options);
  try {
    await fill(filler);
    await filler.finish();
    return { packsWritten: filler.packsWritten };
  } catch (error) {
    await filler.abort(error);
    throw error;
  }
}
