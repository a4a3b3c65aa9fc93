import { Failure } from '../../contracts/failures.ts';

/** A number of the newest snapshots of a kind, or all of them. */
export type KeepCount = number | 'unlimited';

/**
 * What is kept, with the names and the meaning of the options of restic's `forget`. A snapshot that any rule
 * keeps is kept. Durations are written as restic writes them: `2y5m7d3h` (m is months).
 */
export interface KeepRules {
  readonly keepLast?: KeepCount;
  readonly keepHourly?: KeepCount;
  readonly keepDaily?: KeepCount;
  readonly keepWeekly?: KeepCount;
  readonly keepMonthly?: KeepCount;
  readonly keepYearly?: KeepCount;
  readonly keepWithin?: string;
  readonly keepWithinHourly?: string;
  readonly keepWithinDaily?: string;
  readonly keepWithinWeekly?: string;
  readonly keepWithinMonthly?: string;
  readonly keepWithinYearly?: string;
  /** Keeps snapshots that have all tags of at least one list; the tag '' means "no tags at all". */
  readonly keepTags?: readonly (readonly string[])[];
}

/** A length of calendar time; its months and years have no fixed length. */
export interface CalendarDuration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

export const keepDurationPattern = /^(?:\d{1,6}[ymdh])+$/;

const countFields = [
  'keepLast',
  'keepHourly',
  'keepDaily',
  'keepWeekly',
  'keepMonthly',
  'keepYearly',
] as const satisfies readonly (keyof KeepRules)[];

export const durationFields = [
  'keepWithin',
  'keepWithinHourly',
  'keepWithinDaily',
  'keepWithinWeekly',
  'keepWithinMonthly',
  'keepWithinYearly',
] as const satisfies readonly (keyof KeepRules)[];

/** @throws {Failure} InvalidConfiguration, naming the text */
export function parseKeepDuration(text: string): CalendarDuration {
  if (!keepDurationPattern.test(text)) {
    throw new Failure('InvalidConfiguration', `"${text}" is not a duration of retention`, {
      advice: 'Write years, months, days and hours such as 2y5m7d3h; weeks as days: 12 weeks are 84d.',
    });
  }
  const parts = { y: 0, m: 0, d: 0, h: 0 };
  for (const [, count, unit] of text.matchAll(/(\d+)([ymdh])/g)) {
    // As in restic, a unit that is written twice counts the last time.
    if (isUnit(unit)) parts[unit] = Number(count);
  }
  return { years: parts.y, months: parts.m, days: parts.d, hours: parts.h };
}

export function formatKeepDuration({ years, months, days, hours }: CalendarDuration): string {
  const parts = [
    [years, 'y'],
    [months, 'm'],
    [days, 'd'],
    [hours, 'h'],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}

/** Whether the rules keep nothing, so that applying them would remove every snapshot. */
export function keepsNothing(rules: KeepRules): boolean {
  const noCounts = countFields.every((field) => (rules[field] ?? 0) === 0);
  const noDurations = durationFields.every((field) => isZero(parseKeepDuration(rules[field] ?? '0h')));
  return noCounts && noDurations && (rules.keepTags ?? []).length === 0;
}

/**
 * Refuses rules that no one can mean.
 * @throws {Failure} InvalidConfiguration, naming the field
 */
export function checkKeepRules(rules: KeepRules): void {
  for (const field of countFields) {
    const count = rules[field] ?? 0;
    if (count !== 'unlimited' && (!Number.isSafeInteger(count) || count < 0)) {
      throw new Failure('InvalidConfiguration', `${field} is ${count}; it must be 0, 1, 2 … or "unlimited"`);
    }
  }
  for (const field of durationFields) parseKeepDuration(rules[field] ?? '0h');
}

export function isZero({ years, months, days, hours }: CalendarDuration): boolean {
  return years === 0 && months === 0 && days === 0 && hours === 0;
}

function isUnit(unit: string | undefined): unit is 'y' | 'm' | 'd' | 'h' {
  return unit === 'y' || unit === 'm' || unit === 'd' || unit === 'h';
}
