import { StringDecoder } from 'node:string_decoder';
import type { Redactor } from './redact.ts';

/** What a person is shown of a failed program's standard error, in characters. */
const tailLength = 4096;

/** Keeps the last 4 KB of a stream of text, without secrets. */
export class OutputTail {
  readonly #redactor: Redactor;
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #cut = false;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  add(chunk: Buffer): void {
    this.#text += this.#decoder.write(chunk);
    const limit = tailLength + this.#redactor.reach;
    if (this.#text.length <= limit) return;
    this.#text = this.#text.slice(-limit);
    this.#cut = true;
  }

  toString(): string {
    const text = this.#cut ? this.#redactor.redactTail(this.#text) : this.#redactor.redact(this.#text);
    return text.slice(-tailLength).trim();
  }
}
