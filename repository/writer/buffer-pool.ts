interface Waiting {
  readonly resolve: (buffer: Buffer) => void;
}

/**
 * Lends a fixed number of equal buffers, and makes callers wait for one: this bounds the memory of a writer.
 * The buffer given back last is lent first, so that pages which were never touched stay so.
 */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #free: Buffer[] = [];
  readonly #waiting = new Set<Waiting>();
  #unmade: number;

  readonly #make: (bytes: number) => Buffer;

  constructor(count: number, bufferBytes: number, make: (bytes: number) => Buffer = Buffer.allocUnsafeSlow) {
    this.#unmade = count;
    this.#bufferBytes = bufferBytes;
    this.#make = make;
  }

  /** Rejects with the reason of the first signal that is or becomes aborted where it would wait. */
  take(signals: readonly AbortSignal[]): Promise<Buffer> {
    const buffer = this.#free.pop() ?? this.#another();
    if (buffer) return Promise.resolve(buffer);
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted) return Promise.reject(aborted.reason);
    return new Promise<Buffer>((resolve, reject) => {
      const stop = (event: Event) => {
        finish();
        const signal = event.target;
        reject(signal instanceof AbortSignal ? signal.reason : new Error('aborted'));
      };
      const waiting: Waiting = {
        resolve: (given) => {
          finish();
          resolve(given);
        },
      };
      const finish = () => {
        this.#waiting.delete(waiting);
        for (const signal of signals) signal.removeEventListener('abort', stop);
      };
      this.#waiting.add(waiting);
      for (const signal of signals) signal.addEventListener('abort', stop);
    });
  }

  /** Whether a buffer is of this pool, going by its length. */
  isOwn(buffer: Buffer): boolean {
    return buffer.length === this.#bufferBytes;
  }

  give(buffer: Buffer): void {
    const [first] = this.#waiting;
    if (first) first.resolve(buffer);
    else this.#free.push(buffer);
  }

  #another(): Buffer | undefined {
    if (this.#unmade === 0) return undefined;
    this.#unmade--;
    return this.#make(this.#bufferBytes);
  }
}
