import type { BlobType } from '../blobs.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { PackedBlob } from '../pack/header.ts';
import { type NewBlob, PackBuilder, packBufferBytes } from '../pack/pack-builder.ts';
import type { BufferPool } from './buffer-pool.ts';
import { pooledContentBytes } from './pack-memory.ts';
import type { PackUploads } from './pack-uploads.ts';

export interface PackAssemblerOptions {
  readonly uploads: PackUploads;
  readonly sealing: Sealing;
  /** Of `packMemory`: for an open pack of each blob type, and for those on their way to the store. */
  readonly memory: BufferPool;
  /** A pack is closed when its blobs have this many bytes. */
  readonly packBytes: number;
  /** Ends waiting for room. */
  readonly signal: AbortSignal;
}

/** Seals blobs into packs, data and trees apart, and hands over those that are full. */
export class PackAssembler {
  readonly #options: PackAssemblerOptions;
  readonly #open = new Map<BlobType, PackBuilder>();
  readonly #opening = new Map<BlobType, Promise<void>>();

  constructor(options: PackAssemblerOptions) {
    this.#options = options;
  }

  /** Seals a blob into a pack, waiting for room; returns its length there. The content is free afterwards. */
  async add(type: BlobType, blob: NewBlob): Promise<number> {
    return await this.#append({ type, contentBytes: blob.content.length }, (pack) => pack.add(blob));
  }

  /** Copies a blob that the key of the repository has sealed already into a pack, waiting for room. */
  async addSealed(blob: PackedBlob, sealed: Uint8Array): Promise<void> {
    await this.#append({ type: blob.type, contentBytes: sealed.length }, (pack) =>
      pack.addSealed(blob, sealed),
    );
  }

  async #append<T>(
    { type, contentBytes }: { readonly type: BlobType; readonly contentBytes: number },
    append: (pack: PackBuilder) => T,
  ): Promise<T> {
    if (contentBytes > pooledContentBytes) {
      const own = this.#oversized(type, contentBytes);
      const appended = append(own);
      this.#close(type, own);
      return appended;
    }
    for (;;) {
      const builder = this.#open.get(type);
      // Between this look and the sealing nothing may be awaited: others wait for the same pack, and the first
      // to fill it closes it.
      if (builder?.hasRoomFor(contentBytes)) {
        const appended = append(builder);
        if (builder.filledBytes >= this.#options.packBytes) this.#close(type, builder);
        return appended;
      }
      if (builder) this.#close(type, builder);
      await this.#openPack(type);
    }
  }

  /** Hands the open packs over. */
  flush(): void {
    for (const [type, builder] of this.#open) this.#close(type, builder);
  }

  /** A pack of its own for a blob that no pooled buffer takes: the tree of a huge folder. */
  #oversized(type: BlobType, contentBytes: number): PackBuilder {
    const buffer = Buffer.allocUnsafeSlow(packBufferBytes(0, contentBytes));
    return new PackBuilder(type, this.#options.sealing, buffer);
  }

  #openPack(type: BlobType): Promise<void> {
    const opening = this.#opening.get(type);
    if (opening) return opening;
    const { memory, signal } = this.#options;
    const opened = memory.take([signal]).then((buffer) => {
      this.#opening.delete(type);
      this.#open.set(type, new PackBuilder(type, this.#options.sealing, buffer));
    });
    this.#opening.set(type, opened);
    return opened;
  }

  #close(type: BlobType, builder: PackBuilder): void {
    if (this.#open.get(type) === builder) this.#open.delete(type);
    const { uploads, memory } = this.#options;
    uploads.start(
      () => builder.finish(),
      () => {
        if (memory.isOwn(builder.buffer)) memory.give(builder.buffer);
      },
    );
  }
}
