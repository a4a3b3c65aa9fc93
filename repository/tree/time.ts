/**
 * Times in trees: RFC 3339 with up to nine digits of a second, in the time zone of the writing host, as Go
 * writes a local time.
 */

/** Seconds east of Greenwich at a time, given in seconds since 1970. */
export type UtcOffset = (epochSeconds: number) => number;

const nsPerSecond = 1_000_000_000n;
const daySeconds = 86_400;
/** A `Date` reaches this far from 1970. */
const dateLimitSeconds = 8.64e12;

/** The time zone of this process, as the TZ variable or the host sets it. */
export function localUtcOffset(): UtcOffset {
  let cachedQuarter = Number.NaN;
  let cachedOffset = 0;
  return (epochSeconds) => {
    // Zones change at full quarters of an hour since 1970; before that, offsets had odd seconds.
    const quarter = epochSeconds < 0 ? Number.NaN : Math.floor(epochSeconds / 900);
    if (quarter === cachedQuarter) return cachedOffset;
    cachedQuarter = quarter;
    cachedOffset = offsetOfDate(epochSeconds);
    return cachedOffset;
  };
}

/** Formats a time in nanoseconds since 1970. Years before 0 and after 9999 become 0 and 9999. */
export function formatTime(timeNs: bigint, utcOffset: UtcOffset): string {
  let nanoseconds = Number(timeNs % nsPerSecond);
  if (nanoseconds < 0) nanoseconds += 1e9;
  const seconds = Number((timeNs - BigInt(nanoseconds)) / nsPerSecond);
  const offset = utcOffset(seconds);
  const local = seconds + offset;
  const days = Math.floor(local / daySeconds);
  const second = local - days * daySeconds;
  const fraction = nanoseconds === 0 ? '' : `.${pad(nanoseconds, 9).replace(/0+$/, '')}`;
  return `${dateText(days)}T${clockText(second)}${fraction}${offsetText(offset)}`;
}

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Nanoseconds since 1970, or undefined when the text is no such time. */
export function parseTime(text: string): bigint | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const field = (index: number): number => Number(match[index] ?? 0);
  const [month, day, hour, minute, second] = [field(2), field(3), field(4), field(5), field(6)];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
    return undefined;
  const offset = (match[8] === '-' ? -1 : 1) * (field(9) * 3600 + field(10) * 60);
  const seconds =
    daysFromDate(field(1), month, day) * daySeconds + hour * 3600 + minute * 60 + second - offset;
  return BigInt(seconds) * nsPerSecond + BigInt((match[7] ?? '').padEnd(9, '0'));
}

function offsetOfDate(epochSeconds: number): number {
  const limit = dateLimitSeconds - daySeconds;
  const date = new Date(Math.max(-limit, Math.min(limit, epochSeconds)) * 1000);
  const local = new Date(0);
  local.setUTCFullYear(date.getFullYear(), date.getMonth(), date.getDate());
  local.setUTCHours(date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds());
  return Math.round((local.getTime() - date.getTime()) / 1000);
}

/** A date without a `Date`, whose range is smaller than that of file systems. */
function dateText(daysSince1970: number): string {
  const date = dateFromDays(daysSince1970);
  const year = Math.max(0, Math.min(9999, date.year));
  if (year === date.year) return `${pad(year, 4)}-${pad(date.month, 2)}-${pad(date.day, 2)}`;
  // 29 February is moved on by Go when the year that it is moved to has none.
  const moved = dateFromDays(daysFromDate(year, date.month, date.day));
  return `${pad(moved.year, 4)}-${pad(moved.month, 2)}-${pad(moved.day, 2)}`;
}

function clockText(second: number): string {
  const hours = Math.floor(second / 3600);
  const minutes = Math.floor((second % 3600) / 60);
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(second % 60, 2)}`;
}

function offsetText(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.trunc(Math.abs(offset) / 60);
  const sign = offset <= -60 ? '-' : '+';
  return `${sign}${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
}

/** Proleptic Gregorian calendar in eras of 400 years, whose years begin in March. */
function dateFromDays(daysSince1970: number): { year: number; month: number; day: number } {
  const days = daysSince1970 + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function daysFromDate(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function pad(value: number, length: number): string {
  return value.toString().padStart(length, '0');
}
