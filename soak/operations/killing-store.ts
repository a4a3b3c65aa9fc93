import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileKey } from '../../stores/layout.ts';
import type {
  ByteRange,
  HiddenFiles,
  ListedType,
  Store,
  StoredFile,
  StoreFile,
  ThawWish,
} from '../../stores/store.ts';

/** Where a process can die, in the order of a run: before, amid and after each write, around each removal. */
export interface Death {
  /** Counts from 0; undefined to live. */
  readonly step: number | undefined;
}

/** Ends this process as `kill -9` does at one of the steps that change a local store, and counts them. */
export class KillingStore implements Store {
  readonly #store: Store;
  readonly #death: Death;
  #steps = 0;

  constructor(store: Store, death: Death) {
    this.#store = store;
    this.#death = death;
  }

  get location(): string {
    return this.#store.location;
  }

  /** Steps so far. */
  get steps(): number {
    return this.#steps;
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#store.create(signal);
  }

  async save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal) {
    this.#step();
    this.#step(() => leaveHalf(join(this.location, fileKey(file)), parts));
    const outcome = await this.#store.save(file, parts, signal);
    this.#step();
    return outcome;
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
    this.#step();
    await this.#store.remove(file, signal);
    this.#step();
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

  #step(prepare: () => void = () => {}): void {
    if (this.#steps++ !== this.#death.step) return;
    prepare();
    process.kill(process.pid, 'SIGKILL');
    // The signal comes at once, but to the process, not to this line.
    for (;;);
  }
}

/** What a writer that dies in the middle of a file leaves: a temporary file that is too short. */
function leaveHalf(path: string, parts: readonly Uint8Array[]): void {
  const whole = Buffer.concat(parts);
  writeFileSync(`${path}.tmp-0123456789abcdef`, whole.subarray(0, whole.length / 2));
}
