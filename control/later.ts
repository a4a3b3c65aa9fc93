/** Something that is opened at its first use, and again after it could not be opened or was dropped. */
export class Later<T extends { close(): Promise<void> }> {
  readonly #open: () => Promise<T>;
  #opened: Promise<T> | undefined;
  #isClosed = false;

  constructor(open: () => Promise<T>) {
    this.#open = open;
  }

  /** Those who ask at once share one attempt. */
  get(): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error('It was closed'));
    if (this.#opened !== undefined) return this.#opened;
    const opening = this.#open();
    this.#opened = opening;
    opening.catch(() => {
      if (this.#opened === opening) this.#opened = undefined;
    });
    return opening;
  }

  /** Closes it; the next use opens it anew. */
  async drop(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await (await opened?.catch(() => undefined))?.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.drop();
  }
}
