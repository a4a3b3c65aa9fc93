/** Lets a number of tasks run at the same time; further ones wait for their turn. */
export class Slots {
  readonly #count: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];
  #onIdle: () => void = () => {};

  constructor(count: number) {
    this.#count = count;
  }

  /** Takes a slot if one is free. */
  tryAcquire(): boolean {
    if (this.#used >= this.#count) return false;
    this.#used += 1;
    return true;
  }

  async acquire(): Promise<void> {
    if (this.tryAcquire()) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the slot to the longest waiting task, or frees it. */
  release(): void {
    const next = this.#waiting.shift();
    if (next) {
      next();
      return;
    }
    this.#used -= 1;
    if (this.#used === 0) this.#onIdle();
  }

  /** Waits until no task runs; for one caller. */
  async settle(): Promise<void> {
    if (this.#used === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.acquire();
    try {
      return await task();
    } finally {
      this.release();
    }
  }
}
