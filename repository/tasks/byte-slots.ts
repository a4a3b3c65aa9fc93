/** Lets tasks run at the same time while neither their number nor their bytes are too many; one always may. */
export class ByteSlots {
  readonly #count: number;
  readonly #bytes: number;
  #usedCount = 0;
  #usedBytes = 0;
  #freed = Promise.withResolvers<void>();

  constructor(count: number, bytes: number) {
    this.#count = count;
    this.#bytes = bytes;
  }

  /** For one caller at a time. Resolves to what gives the place back. */
  async acquire(bytes: number): Promise<() => void> {
    while (this.#usedCount > 0 && (this.#usedCount >= this.#count || this.#usedBytes + bytes > this.#bytes)) {
      await this.#freed.promise;
    }
    this.#usedCount += 1;
    this.#usedBytes += bytes;
    return () => {
      this.#usedCount -= 1;
      this.#usedBytes -= bytes;
      this.#freed.resolve();
      this.#freed = Promise.withResolvers();
    };
  }
}
