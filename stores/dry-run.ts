import type { ByteRange, HiddenFiles, ListedType, Store, StoredFile, StoreFile } from './store.ts';

/** A store that says it has done what it is told, and changes nothing in the one below. */
export function dryRunStore(store: Store): Store {
  return new DryRunStore(store);
}

class DryRunStore implements Store {
  readonly location: string;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.location = store.location;
  }

  async create(): Promise<void> {}

  async save(): Promise<'stored' | 'exists'> {
    return 'stored';
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

  async remove(): Promise<void> {}

  async thaw(): Promise<'readable'> {
    return 'readable';
  }

  hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    return this.#store.hidden(signal);
  }

  async sweep(): Promise<void> {}

  close(): Promise<void> {
    return this.#store.close();
  }
}
