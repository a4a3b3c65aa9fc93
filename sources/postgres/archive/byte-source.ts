import { damaged, intBytes } from './toc.ts';

/** Longer texts are no definition of anything: the dump is damaged. */
const longestTextBytes = 268_435_456;

/** Reads what a dump is made of from a stream of its bytes. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  #position = 0;
  #total = 0;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes that the stream has given so far. */
  get total(): number {
    return this.#total;
  }

  /** What has come and was not taken yet; of no length at the end of the stream. */
  async available(): Promise<Buffer> {
    while (this.#position === this.#buffer.length) if (!(await this.#more())) break;
    return this.#buffer.subarray(this.#position);
  }

  take(count: number): void {
    this.#position += count;
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length - this.#position < count) {
      if (!(await this.#more())) throw damaged('it ends early');
    }
    this.#position += count;
    return this.#buffer.subarray(this.#position - count, this.#position);
  }

  async byte(): Promise<number> {
    return (await this.bytes(1))[0] ?? 0;
  }

  async int(): Promise<number> {
    const bytes = await this.bytes(intBytes);
    const value = bytes.readUInt32LE(1);
    return bytes[0] === 0 ? value : -value;
  }

  /** As latin1; undefined for an absent one. */
  async text(): Promise<string | undefined> {
    const length = await this.int();
    if (length > longestTextBytes) throw damaged(`it holds a text of ${length} bytes`);
    return length < 0 ? undefined : (await this.bytes(length)).toString('latin1');
  }

  /** Releases the stream. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    const rest = this.#buffer.subarray(this.#position);
    this.#buffer = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    this.#position = 0;
    this.#total += next.value.length;
    return true;
  }
}
