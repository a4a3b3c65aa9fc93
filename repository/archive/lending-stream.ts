import { Readable } from 'node:stream';

/**
 * A stream whose pieces can be lent: each is valid until the next one is asked for. That spares a copy of everything, and
 * the collector its garbage. Who reads it as any other stream gets pieces of its own.
 */
export class LendingStream extends Readable {
  readonly #pieces: AsyncIterator<Buffer>;

  constructor(pieces: AsyncIterable<Buffer>) {
    super();
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Instead of reading it. It must still be destroyed in the end. */
  lend(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#pieces };
  }

  override _read(): void {
    this.#pieces.next().then(
      ({ done, value }) => this.push(done === true ? null : Buffer.from(value)),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const end = (): void => callback(error);
    this.#close(error).then(end, end);
  }

  async #close(error: Error | null): Promise<void> {
    if (error === null) await this.#pieces.return?.();
    else await this.#pieces.throw?.(error);
  }
}

/** The pieces of a stream for one who copies each before the next. */
export function lentPieces(stream: Readable): AsyncIterable<Uint8Array> {
  return stream instanceof LendingStream ? stream.lend() : stream;
}
