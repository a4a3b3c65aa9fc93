import type {
  ByteRange,
  HiddenFiles,
  ListedType,
  Store,
  StoredFile,
  StoreFile,
  ThawWish,
} from '../../stores/store.ts';
import type { RepositoryLock } from './held-lock.ts';

/**
 * Lets nothing be written or removed under a lock that is lost: an owner that was paused for long and wakes
 * stops before its next write.
 */
export class FencedStore implements Store {
  readonly #store: Store;
  readonly #locks = new Set<RepositoryLock>();

  constructor(store: Store) {
    this.#store = store;
  }

  get location(): string {
    return this.#store.location;
  }

  /** From now on each write waits for this lock. */
  addLock(lock: RepositoryLock): void {
    this.#locks.add(lock);
  }

  removeLock(lock: RepositoryLock): void {
    this.#locks.delete(lock);
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#store.create(signal);
  }

  async save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal) {
    await this.#ensureHeld();
    return await this.#store.save(file, parts, signal);
  }

  load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    return this.#store.load(file, range, signal);
  }

  size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return this.#store.size(file, signal);
  }

  list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    return this.#store.list(type, signal);
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    await this.#ensureHeld();
    await this.#store.remove(file, signal);
  }

  thaw(file: StoreFile, wish: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'> {
    return this.#store.thaw(file, wish, signal);
  }

  hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    return this.#store.hidden(signal);
  }

  sweep(olderThanMs: number, signal?: AbortSignal): Promise<void> {
    return this.#store.sweep(olderThanMs, signal);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #ensureHeld(): Promise<void> {
    for (const lock of this.#locks) await lock.ensureHeld();
  }
}
