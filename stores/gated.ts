import type { Gate } from './network/gate.ts';
import {
  type ByteRange,
  ForwardingStore,
  type HiddenFiles,
  type Store,
  type StoreFile,
  type ThawWish,
} from './store.ts';

/** A store that sends so many requests at once as its gate lets through; further ones wait. */
export function withGate(store: Store, gate: Gate): Store {
  return new GatedStore(store, gate);
}

/** Listings and sweeps are not counted: between their pages the caller works, and would keep the place from that work. */
class GatedStore extends ForwardingStore {
  readonly #gate: Gate;

  constructor(store: Store, gate: Gate) {
    super(store);
    this.#gate = gate;
  }

  override create(signal?: AbortSignal): Promise<void> {
    return this.#pass(() => super.create(signal), signal);
  }

  override save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    return this.#pass(() => super.save(file, parts, signal), signal);
  }

  override load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    return this.#pass(() => super.load(file, range, signal), signal);
  }

  override size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return this.#pass(() => super.size(file, signal), signal);
  }

  override remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    return this.#pass(() => super.remove(file, signal), signal);
  }

  override thaw(file: StoreFile, wish: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'> {
    return this.#pass(() => super.thaw(file, wish, signal), signal);
  }

  override hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    return this.#pass(() => super.hidden(signal), signal);
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
