import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../contracts/duration.ts';

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

/** "90s", "1h30m", "7d": milliseconds. */
export function duration(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return durationMs;
  throw new InvalidArgumentError('It must be a duration such as 90s, 15m, 6h or 7d.');
}

/** A TCP port. */
export function port(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 65_535) return number;
  throw new InvalidArgumentError('It must be a port, from 1 to 65535.');
}

/** "500", "500M", "1.5g": bytes, with binary units as restic reads them. */
export function byteCount(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('It must be a size such as 500M or 10G.');
}
