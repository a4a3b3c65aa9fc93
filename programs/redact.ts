import type { Secret } from '../secrets/secret.ts';

const replacement = '[secret]';

/** Shorter lines of a secret file are words that occur by themselves. */
const shortestLine = 4;

/** Replaces secrets in what programs print. */
export class Redactor {
  /** Longest first, so that no part of one stays behind when it contains another. */
  readonly #needles: readonly string[];

  constructor(secrets: readonly Secret[]) {
    const needles = new Set(secrets.flatMap((secret) => spellings(secret.reveal())));
    this.#needles = [...needles].sort((left, right) => right.length - left.length);
  }

  /** Length in characters of the longest secret. */
  get reach(): number {
    return this.#needles[0]?.length ?? 0;
  }

  redact(text: string): string {
    return this.#needles.reduce((result, needle) => result.replaceAll(needle, replacement), text);
  }

  /** For a text whose beginning was cut off, perhaps in the middle of a secret. */
  redactTail(text: string): string {
    const cut = Math.max(0, ...this.#needles.map((needle) => lengthOfCutNeedle(text, needle)));
    return this.redact(text.slice(cut));
  }
}

/** As given, as in a URL, and line by line: a key file is seldom printed whole. */
function spellings(value: string): readonly string[] {
  const lines = value.split('\n').filter((line) => line.trim().length >= shortestLine);
  const whole = value === '' ? [] : [value];
  return [...whole, ...lines].flatMap((text) => [text, percentEncoded(text)]);
}

function percentEncoded(text: string): string {
  // encodeURIComponent refuses half of a surrogate pair.
  return encodeURIComponent(text.toWellFormed());
}

function lengthOfCutNeedle(text: string, needle: string): number {
  for (let length = needle.length - 1; length > 0; length -= 1) {
    if (text.startsWith(needle.slice(-length))) return length;
  }
  return 0;
}
