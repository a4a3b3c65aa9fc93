/**
 * Patterns of names, such as `test_*` or `shop.log_?`: "*" stands for any characters, "?" for one, and all else
 * for itself. A pattern matches a whole name.
 */
export class NamePatterns {
  readonly #patterns: readonly RegExp[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(
      (pattern) =>
        new RegExp(
          `^${pattern.replace(/[\\^$.*+?()[\]{}|]/g, (letter) => ({ '*': '.*', '?': '.' })[letter] ?? `\\${letter}`)}$`,
          'su',
        ),
    );
  }

  matches(name: string): boolean {
    return this.#patterns.some((pattern) => pattern.test(name));
  }
}
