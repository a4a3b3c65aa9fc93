import type { PackContent } from '../../stores/store.ts';
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
  /** Of `packMemory`: for an open pack of each kind, and for those on their way to the store. */
  readonly memory: BufferPool;
  /** A pack is closed when its blobs have this many bytes. */
  readonly packBytes: number;
  /** Ends waiting for room. */
  readonly signal: AbortSignal;
}

/** Seals blobs into packs, data, trees and descriptions apart, and hands over those that are full. */
export class PackAssembler {
  readonly #options: PackAssemblerOptions;
  readonly #open = new Map<PackContent, PackBuilder>();
  readonly #opening = new Map<PackContent, Promise<void>>();

  constructor(options: PackAssemblerOptions) {
    this.#options = options;
  }

  /** Seals a blob into a pack, waiting for room; returns its length there. The content is free afterwards. */
  async add(type: BlobType, blob: NewBlob): Promise<number> {
    return await this.#append({ holds: type, contentBytes: blob.content.length }, (pack) => pack.add(blob));
  }

  /** Copies a blob that the key of the repository has sealed already into a pack that holds such, waiting for room. */
  async addSealed(blob: PackedBlob, sealed: Uint8Array, holds: PackContent = blob.type): Promise<void> {
    await this.#append({ holds, contentBytes: sealed.length }, (pack) => pack.addSealed(blob, sealed));
  }

  async #append<T>(
    { holds, contentBytes }: { readonly holds: PackContent; readonly contentBytes: number },
    append: (pack: PackBuilder) => T,
  ): Promise<T> {
    if (contentBytes > pooledContentBytes) {
      const own = this.#oversized(holds, contentBytes);
      const appended = append(own);
      this.#close(holds, own);
      return appended;
    }
    for (;;) {
      const builder = this.#open.get(holds);
      // Between this look and the sealing nothing may be awaited: others wait for the same pack, and the first
      // to fill it closes it.
      if (builder?.hasRoomFor(contentBytes)) {
        const appended = append(builder);
        if (builder.filledBytes >= this.#options.packBytes) this.#close(holds, builder);
        return appended;
      }
      if (builder) this.#close(holds, builder);
      await this.#openPack(holds);
    }
  }

  /** Hands the open packs over. */
  flush(): void {
    for (const [holds, builder] of this.#open) this.#close(holds, builder);
  }

  /** A pack of its own for a blob that no pooled buffer takes: the tree of a huge folder. */
  #oversized(holds: PackContent, contentBytes: number): PackBuilder {
    const buffer = Buffer.allocUnsafeSlow(packBufferBytes(0, contentBytes));
    return new PackBuilder(blobTypeIn(holds), this.#options.sealing, buffer);
  }

  #openPack(holds: PackContent): Promise<void> {
    const opening = this.#opening.get(holds);
    if (opening) return opening;
    const { memory, signal } = this.#options;
    const opened = memory.take([signal]).then((buffer) => {
      this.#opening.delete(holds);
      this.#open.set(holds, new PackBuilder(blobTypeIn(holds), this.#options.sealing, buffer));
    });
    this.#opening.set(holds, opened);
    return opened;
  }

  #close(holds: PackContent, builder: PackBuilder): void {
    if (this.#open.get(holds) === builder) this.#open.delete(holds);
    const { uploads, memory } = this.#options;
    uploads.start(
      () => ({ ...builder.finish(), holds }),
      () => {
        if (memory.isOwn(builder.buffer)) memory.give(builder.buffer);
      },
    );
  }
}

function blobTypeIn(holds: PackContent): BlobType {
  return holds === 'tree' ? 'tree' : 'data';
}
