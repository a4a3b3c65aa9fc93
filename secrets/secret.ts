import { inspect } from 'node:util';

const redacted = '[secret]';

/** A value that refuses to be printed, logged or serialised. `reveal` at the point of use alone. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
