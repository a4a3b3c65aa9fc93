import { createHash } from 'node:crypto';
import type { LargeObjects } from '../content.ts';

/** Counts large objects as they pass by, and adds up a hash of each, so that their order does not matter. */
export class LargeObjectMeasure {
  #count = 0;
  #bytes = 0n;
  #sum = 0n;

  /** Passes the content of an object on. */
  async *follow(oid: number, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256').update(`${oid}:`);
    for await (const chunk of content) {
      hash.update(chunk);
      this.#bytes += BigInt(chunk.length);
      yield chunk;
    }
    this.#count += 1;
    this.#sum = BigInt.asUintN(64, this.#sum + hash.digest().readBigUInt64BE(0));
  }

  get result(): LargeObjects {
    const hash = this.#sum.toString(16).padStart(16, '0');
    return { count: String(this.#count), bytes: String(this.#bytes), hash };
  }
}
