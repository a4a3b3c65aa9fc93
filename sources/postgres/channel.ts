/** Passes values from several producers to one reader, in the order in which they come. */
export class Channel<T> {
  readonly #values: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake = Promise.withResolvers<void>();

  push(value: T): void {
    this.#values.push(value);
    this.#wake.resolve();
  }

  /** No more values; with an error the reader gets that after them. The first end counts. */
  close(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) {
        yield value;
        continue;
      }
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}
