import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileKey } from '../../stores/layout.ts';
import { ForwardingStore, type Store, type StoreFile } from '../../stores/store.ts';

/** Where a process can die, in the order of a run: before, amid and after each write, around each removal. */
export interface Death {
  /** Counts from 0; undefined to live. */
  readonly step: number | undefined;
}

/** Ends this process as `kill -9` does at one of the steps that change a local store, and counts them. */
export class KillingStore extends ForwardingStore {
  readonly #death: Death;
  #steps = 0;

  constructor(store: Store, death: Death) {
    super(store);
    this.#death = death;
  }

  /** Steps so far. */
  get steps(): number {
    return this.#steps;
  }

  override async save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal) {
    this.#step();
    this.#step(() => leaveHalf(join(this.location, fileKey(file)), parts));
    const outcome = await super.save(file, parts, signal);
    this.#step();
    return outcome;
  }

  override async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    this.#step();
    await super.remove(file, signal);
    this.#step();
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
