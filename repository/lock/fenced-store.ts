import { ForwardingStore, type StoreFile } from '../../stores/store.ts';
import type { RepositoryLock } from './held-lock.ts';

/**
 * Lets nothing be written or removed under a lock that is lost: an owner that was paused for long and wakes
 * stops before its next write.
 */
export class FencedStore extends ForwardingStore {
  readonly #locks = new Set<RepositoryLock>();

  /** From now on each write waits for this lock. */
  addLock(lock: RepositoryLock): void {
    this.#locks.add(lock);
  }

  removeLock(lock: RepositoryLock): void {
    this.#locks.delete(lock);
  }

  override async save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal) {
    await this.#ensureHeld();
    return await super.save(file, parts, signal);
  }

  override async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    await this.#ensureHeld();
    await super.remove(file, signal);
  }

  async #ensureHeld(): Promise<void> {
    for (const lock of this.#locks) await lock.ensureHeld();
  }
}
