/** Lets a number of requests through at once; the number may be changed at any time. */
export class Gate {
  #width: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  get width(): number {
    return this.#width;
  }

  set(width: number): void {
    this.#width = width;
    this.#admit();
  }

  /** Waits for a place; rejects with the reason of the signal when that is aborted before. */
  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#inside < this.#width) {
      this.#inside += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admitted = (): void => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(admitted), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(admitted);
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  leave(): void {
    this.#inside -= 1;
    this.#admit();
  }

  #admit(): void {
    while (this.#inside < this.#width) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inside += 1;
      next();
    }
  }
}
