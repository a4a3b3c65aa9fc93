import type { Store } from '../../stores/store.ts';
import type { ListedPack } from '../index/blob-index.ts';
import { type NewPack, packFile } from '../pack/pack-file.ts';
import type { Failpoint } from '../sealed-files.ts';

export interface PackUploadsOptions {
  readonly store: Store;
  /** Stops the uploads. */
  readonly signal: AbortSignal;
  /** Called when a pack is stored for good. */
  readonly onStored: (pack: ListedPack) => void;
  /** Called when a pack could not be stored: its blobs are lost, and the run with them. */
  readonly onFailure: (error: unknown) => void;
  readonly failpoint: Failpoint | undefined;
}

/** A pack and its bytes, which must not change before it is stored. */
export interface FinishedPack extends NewPack {
  readonly bytes: Uint8Array;
}

/** Stores packs while others fill. */
export class PackUploads {
  readonly #options: PackUploadsOptions;
  readonly #running = new Set<Promise<void>>();

  constructor(options: PackUploadsOptions) {
    this.#options = options;
  }

  /** Begins to store a pack. `release` is called when its bytes are not needed any more. */
  start(finish: () => FinishedPack, release: () => void): void {
    const upload = this.#upload(finish)
      .catch((error: unknown) => this.#options.onFailure(error))
      .finally(() => {
        release();
        this.#running.delete(upload);
      });
    this.#running.add(upload);
  }

  /** Waits for the uploads under way, whatever becomes of them. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #upload(finish: () => FinishedPack): Promise<void> {
    const { store, signal, failpoint, onStored } = this.#options;
    const { id, blobs, holds, bytes } = finish();
    await failpoint?.('before pack put');
    await store.save(packFile({ id, blobs, holds }), [bytes], signal);
    await failpoint?.('after pack put');
    onStored({ id, blobs });
  }
}
