import { InvalidArgumentError } from 'commander';

/** Parsers of option values, for commander. */

/** An option that may be given several times. Never `<value...>`: that would take the arguments after it. */
export function repeatable(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** "25", "25%", "2.5%": percent from 0 to 100. */
export function percentage(text: string): number {
  const percent = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new InvalidArgumentError('It must be a percentage from 0 to 100.');
}
