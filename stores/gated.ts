import type { Gate } from './network/gate.ts';
import type { ByteRange, HiddenFiles, ListedType, Store, StoredFile, StoreFile, ThawWish } from './store.ts';

/** A store that sends so many requests at once as its gate lets through; further ones wait. */
export function withGate(store: Store, gate: Gate): Store {
  return new GatedStore(store, gate);
}

class GatedStore implements Store {
  readonly location: string;
  readonly #store: Store;
  readonly #gate: Gate;

  constructor(store: Store, gate: Gate) {
    this.#store = store;
    this.#gate = gate;
    this.location = store.location;
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#pass(() => this.#store.create(signal), signal);
  }

  save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal): Promise<'stored' | 'exists'> {
    return this.#pass(() => this.#store.save(file, parts, signal), signal);
  }

  load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    return this.#pass(() => this.#store.load(file, range, signal), signal);
  }

  size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return this.#pass(() => this.#store.size(file, signal), signal);
  }

  /** Not counted: between its pages the caller works, and would keep the place from requests of that work. */
  list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    return this.#store.list(type, signal);
  }

  remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    return this.#pass(() => this.#store.remove(file, signal), signal);
  }

  thaw(file: StoreFile, wish: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'> {
    return this.#pass(() => this.#store.thaw(file, wish, signal), signal);
  }

  hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    return this.#pass(() => this.#store.hidden(signal), signal);
  }

  sweep(olderThanMs: number, signal?: AbortSignal): Promise<void> {
    return this.#store.sweep(olderThanMs, signal);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #pass<T>(request: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await this.#gate.enter(signal);
    try {
      return await request();
    } finally {
      this.#gate.leave();
    }
  }
}
