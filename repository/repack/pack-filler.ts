import type { Store } from '../../stores/store.ts';
import type { BlobType } from '../blobs.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { IndexedPack } from '../index/blob-index.ts';
import { type NewBlob, PackBuilder, packBufferBytes } from '../pack/pack-builder.ts';
import type { Failpoint } from '../sealed-files.ts';

/** Largest content that goes into the two buffers that are used again and again: a chunk that did not compress. */
const usualContentBytes = 8 * 1024 * 1024;

export interface PackFillerOptions {
  readonly store: Store;
  readonly sealing: Sealing;
  /** A pack is stored when its blobs have this many bytes. */
  readonly packBytes: number;
  readonly failpoint: Failpoint | undefined;
  /** Called when a pack is stored for good, before the next one is begun. */
  readonly onStored: (pack: IndexedPack) => void | Promise<void>;
}

/**
 * Seals blobs that are compressed already into new packs, data and trees apart, one after the other. For
 * copying; nothing is looked up and nothing is stored once only: the caller chooses the blobs.
 */
export class PackFiller {
  readonly #options: PackFillerOptions;
  readonly #open = new Map<BlobType, PackBuilder>();
  readonly #buffers = new Map<BlobType, Buffer>();

  constructor(options: PackFillerOptions) {
    this.#options = options;
  }

  /** Adds a blob; the pack that it fills is stored before the promise settles. */
  async add(type: BlobType, blob: NewBlob, signal: AbortSignal): Promise<void> {
    if (blob.content.length > usualContentBytes) {
      const buffer = Buffer.allocUnsafeSlow(packBufferBytes(0, blob.content.length));
      const own = new PackBuilder(type, this.#options.sealing, buffer);
      own.add(blob);
      await this.#store(own, signal);
      return;
    }
    let builder = this.#open.get(type);
    if (builder && !builder.hasRoomFor(blob.content.length)) {
      await this.#close(type, signal);
      builder = undefined;
    }
    builder ??= this.#begin(type);
    builder.add(blob);
    if (builder.filledBytes >= this.#options.packBytes) await this.#close(type, signal);
  }

  /** Stores the packs that are not full. */
  async finish(signal: AbortSignal): Promise<void> {
    for (const type of [...this.#open.keys()]) await this.#close(type, signal);
  }

  #begin(type: BlobType): PackBuilder {
    const bytes = packBufferBytes(this.#options.packBytes, usualContentBytes);
    const buffer = this.#buffers.get(type) ?? Buffer.allocUnsafeSlow(bytes);
    this.#buffers.set(type, buffer);
    const builder = new PackBuilder(type, this.#options.sealing, buffer);
    this.#open.set(type, builder);
    return builder;
  }

  async #close(type: BlobType, signal: AbortSignal): Promise<void> {
    const builder = this.#open.get(type);
    this.#open.delete(type);
    if (builder) await this.#store(builder, signal);
  }

  async #store(builder: PackBuilder, signal: AbortSignal): Promise<void> {
    const { store, failpoint, onStored } = this.#options;
    const { id, blobs, bytes } = builder.finish();
    await failpoint?.('before pack put');
    await store.save({ type: 'data', name: id }, [bytes], signal);
    await failpoint?.('after pack put');
    await onStored({ id, blobs });
  }
}
