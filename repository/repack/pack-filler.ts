import { pageBuffer } from '../../posix/page-memory.ts';
import type { Store } from '../../stores/store.ts';
import type { BlobType } from '../blobs.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { IndexedPack } from '../index/blob-index.ts';
import type { PackedBlob } from '../pack/header.ts';
import { type NewBlob, PackBuilder, packBufferBytes } from '../pack/pack-builder.ts';
import { packFile } from '../pack/pack-file.ts';
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

  /** Seals a blob; the pack that it fills is stored before the promise settles. */
  async add(type: BlobType, blob: NewBlob, signal: AbortSignal): Promise<void> {
    await this.#append({ type, contentBytes: blob.content.length }, (pack) => pack.add(blob), signal);
  }

  /** Copies a blob that the key of the repository has sealed already. */
  async addSealed(blob: PackedBlob, sealed: Uint8Array, signal: AbortSignal): Promise<void> {
    const size = { type: blob.type, contentBytes: sealed.length };
    await this.#append(size, (pack) => pack.addSealed(blob, sealed), signal);
  }

  async #append(
    { type, contentBytes }: { readonly type: BlobType; readonly contentBytes: number },
    append: (pack: PackBuilder) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (contentBytes > usualContentBytes) {
      const buffer = Buffer.allocUnsafeSlow(packBufferBytes(0, contentBytes));
      const own = new PackBuilder(type, this.#options.sealing, buffer);
      append(own);
      await this.#store(own, signal);
      return;
    }
    let builder = this.#open.get(type);
    if (builder && !builder.hasRoomFor(contentBytes)) {
      await this.#close(type, signal);
      builder = undefined;
    }
    builder ??= this.#begin(type);
    append(builder);
    if (builder.filledBytes >= this.#options.packBytes) await this.#close(type, signal);
  }

  /** Stores the packs that are not full. */
  async finish(signal: AbortSignal): Promise<void> {
    for (const type of [...this.#open.keys()]) await this.#close(type, signal);
  }

  #begin(type: BlobType): PackBuilder {
    const bytes = packBufferBytes(this.#options.packBytes, usualContentBytes);
    const buffer = this.#buffers.get(type) ?? pageBuffer(bytes);
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
    await store.save(packFile({ id, blobs }), [bytes], signal);
    await failpoint?.('after pack put');
    await onStored({ id, blobs });
  }
}
