/** A number of bytes per second that may be changed at any time; undefined is no limit. */
export class Rate {
  #bytesPerSecond: number | undefined;
  #freeAtMs = 0;

  constructor(bytesPerSecond?: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  get bytesPerSecond(): number | undefined {
    return this.#bytesPerSecond;
  }

  set(bytesPerSecond: number | undefined): void {
    this.#bytesPerSecond = bytesPerSecond;
    // What waits now waits for one piece at most; a new rate counts from here.
    this.#freeAtMs = performance.now();
  }

  /** Takes the time that so many bytes need, and returns how long to wait before they may go, in milliseconds. */
  reserve(bytes: number): number {
    if (this.#bytesPerSecond === undefined) return 0;
    const now = performance.now();
    const startMs = Math.max(now, this.#freeAtMs);
    this.#freeAtMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
    return startMs - now;
  }

  /** How many bytes to send at once, so that connections take turns and a change is felt soon. */
  get pieceBytes(): number {
    if (this.#bytesPerSecond === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(1024, Math.min(64 * 1024, Math.ceil(this.#bytesPerSecond / 20)));
  }
}
