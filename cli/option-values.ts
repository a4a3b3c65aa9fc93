import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../contracts/duration.ts';
import { parseSize } from '../contracts/size.ts';
import type { CompressionMode } from '../repository/compression.ts';

/** Parsers of option values, for commander. */

/** An option that may be given several times. Never `<value...>`: that would take the arguments after it. */
export function repeatable(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** A flag that counts how often it is given. */
export function counted(_value: unknown, previous: number): number {
  return previous + 1;
}

/** A whole number from 1 on. */
export function positiveCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1) return count;
  throw new InvalidArgumentError('It must be a whole number, at least 1.');
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
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('It must be a size such as 500M or 10G.');
}

const compressionModes: Readonly<Record<string, CompressionMode>> = {
  fastest: 'fastest',
  default: 'default',
  auto: 'default',
  better: 'better',
  max: 'max',
  off: 'off',
};

/** Our words and restic's, whose `auto` is our `default`. */
export function compressionMode(text: string): CompressionMode {
  const mode = Object.hasOwn(compressionModes, text) ? compressionModes[text] : undefined;
  if (mode !== undefined) return mode;
  throw new InvalidArgumentError('It must be fastest, default, better, max or off.');
}

/** "64": MiB within restic's limits, as bytes. */
export function packBytes(text: string): number {
  const mib = /^\d+$/.test(text) ? Number(text) : 0;
  if (mib >= 4 && mib <= 128) return mib * 1024 * 1024;
  throw new InvalidArgumentError('It must be a number of MiB from 4 to 128.');
}

/** A time as restic reads it: RFC 3339, or "2026-11-21 07:23:11" and the like in the time zone here. */
export function pointInTime(text: string): Date {
  const form =
    /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?)?$/.test(text) &&
    text.length > 7;
  // A date alone would be read as UTC.
  const time = new Date(text.length === 10 ? `${text}T00:00:00` : text);
  if (form && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('It must be a time such as "2026-11-21 07:23:11".');
}

/** "1", "10240": a number that is neither zero nor broken. */
export function positiveInteger(text: string): number {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : 0;
  if (number >= 1) return number;
  throw new InvalidArgumentError('It must be a whole number above zero.');
}
