import type { BlobWriter } from '../blobs.ts';

const defaultEveryBytes = 512 * 1024 * 1024;
const everyMs = 5 * 60_000;

/** Decides when a run writes an index of what it has stored, so that a later attempt need not store it again. */
export class Checkpoints {
  readonly #writer: BlobWriter;
  readonly #everyBytes: number;
  #bytes = 0;
  #at = performance.now();
  #isRunning = false;

  constructor(writer: BlobWriter, everyBytes = defaultEveryBytes) {
    this.#writer = writer;
    this.#everyBytes = everyBytes;
  }

  /** Whether it is time to await `write`. */
  isDue(storedBytes: number): boolean {
    if (this.#isRunning || storedBytes === this.#bytes) return false;
    return storedBytes - this.#bytes >= this.#everyBytes || performance.now() - this.#at >= everyMs;
  }

  async write(storedBytes: number, signal: AbortSignal): Promise<void> {
    this.#isRunning = true;
    this.#bytes = storedBytes;
    this.#at = performance.now();
    try {
      await this.#writer.checkpoint(signal);
    } finally {
      this.#isRunning = false;
    }
  }
}
