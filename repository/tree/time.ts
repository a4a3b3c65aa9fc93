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
  return `${dateText(days)}T${clockText(second)}${fractionText(nanoseconds)}${offsetText(offset)}`;
}

/** Nanoseconds since 1970, or undefined when the text is no such time. */
export function parseTime(text: string): bigint | undefined {
  const seconds = parseSeconds(text);
  const fraction = parseFraction(text);
  const offset = parseOffset(text, fraction.end);
  if (seconds === undefined || offset === undefined) return undefined;
  return BigInt(seconds - offset) * nsPerSecond + BigInt(fraction.nanoseconds);
}

/** `2006-01-02T15:04:05`, taken for UTC. */
function parseSeconds(text: string): number | undefined {
  const punctuation =
    text[4] === '-' && text[7] === '-' && text[10] === 'T' && text[13] === ':' && text[16] === ':';
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  const isDate = year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  const isClock = isBelow(hour, 24) && isBelow(minute, 60) && isBelow(second, 60);
  if (!punctuation || !isDate || !isClock) return undefined;
  return daysFromDate(year, month, day) * daySeconds + hour * 3600 + minute * 60 + second;
}

/** Digits of a second after the first nine count for nothing. */
function parseFraction(text: string): { readonly nanoseconds: number; readonly end: number } {
  if (text[19] !== '.') return { nanoseconds: 0, end: 19 };
  let end = 20;
  let nanoseconds = 0;
  let unit = 100_000_000;
  for (let digit = digitAt(text, end); digit >= 0; digit = digitAt(text, end)) {
    nanoseconds += Math.floor(digit * unit);
    unit /= 10;
    end += 1;
  }
  return { nanoseconds, end: end === 20 ? Number.NaN : end };
}

/** `Z`, `+01:00`; in seconds. */
function parseOffset(text: string, at: number): number | undefined {
  if (text[at] === 'Z') return text.length === at + 1 ? 0 : undefined;
  const [hours, minutes] = [digits(text, at + 1, at + 3), digits(text, at + 4, at + 6)];
  const sign = text[at] === '+' ? 1 : text[at] === '-' ? -1 : undefined;
  if (sign === undefined || text[at + 3] !== ':' || hours < 0 || minutes < 0) return undefined;
  return text.length === at + 6 ? sign * (hours * 3600 + minutes * 60) : undefined;
}

function isBelow(value: number, limit: number): boolean {
  return value >= 0 && value < limit;
}

/** A number of decimal digits, or -1. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index += 1) {
    const digit = digitAt(text, index);
    if (digit < 0) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function digitAt(text: string, index: number): number {
  const digit = text.charCodeAt(index) - 48;
  return digit >= 0 && digit <= 9 ? digit : -1;
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
  if (daysSince1970 !== lastDay) {
    lastDay = daysSince1970;
    lastDateText = newDateText(daysSince1970);
  }
  return lastDateText;
}

/** Most files of a folder have a day in common. */
let lastDay = Number.NaN;
let lastDateText = '';

function newDateText(daysSince1970: number): string {
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
  return `${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[second % 60]}`;
}

const twoDigits = Array.from({ length: 60 }, (_, value) => pad(value, 2));

function fractionText(nanoseconds: number): string {
  if (nanoseconds === 0) return '';
  let value = nanoseconds;
  let length = 9;
  for (; value % 10 === 0; value /= 10) length -= 1;
  return `.${pad(value, length)}`;
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
