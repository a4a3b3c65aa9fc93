import { cents } from './thaw.ts';

/** A backup, and what it has added. */
export interface AddedBytes {
  readonly at: Date;
  /** Of new data, as stored. */
  readonly bytes: number;
}

export interface GrowthFacts {
  readonly now: Date;
  readonly bytes: number;
  readonly monthlyUsd: number;
  readonly added: readonly AddedBytes[];
  /** The longest time that the policy keeps anything, in days; undefined when it is not known. */
  readonly keptDays?: number | undefined;
  readonly months: number;
}

export interface GrowthForecast {
  /** Bytes that the backups of the last days have added, for each day. */
  readonly bytesPerDay: number;
  /** How it was found, for people. */
  readonly method: string;
  readonly months: readonly MonthForecast[];
}

export interface MonthForecast {
  /** "2027-01". */
  readonly month: string;
  /** As if retention frees from a day on what each day adds. */
  readonly bytes: number;
  readonly monthlyUsd: number;
  /** As if nothing were ever freed. */
  readonly mostBytes: number;
  readonly mostUsd: number;
}

const dayMs = 86_400_000;
/** Long enough to hold a week of weekly runs several times, short enough to follow a change. */
const windowDays = 30;

/**
 * Foretells size and cost by a straight line: each day adds what a day of the last 30 has added; the very first backup,
 * which is no growth, is left out. Until the oldest snapshot is as old as the policy keeps any, nothing goes; from then on
 * as much goes as comes. The truth lies between that and a line that never bends. Undefined with fewer than two backups.
 */
export function forecastGrowth(facts: GrowthFacts): GrowthForecast | undefined {
  const { now, bytes, monthlyUsd, keptDays, months } = facts;
  const sorted = facts.added.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const [first, ...later] = sorted;
  if (first === undefined || later.length === 0) return undefined;
  const ageDays = daysBetween(first.at, now);
  const days = Math.min(windowDays, Math.max(1, ageDays));
  const recent = later.filter(({ at }) => daysBetween(at, now) <= days);
  const bytesPerDay = recent.reduce((sum, one) => sum + one.bytes, 0) / days;
  const usdPerByte = bytes === 0 ? 0 : monthlyUsd / bytes;
  const growingDays = keptDays === undefined ? Number.POSITIVE_INFINITY : Math.max(0, keptDays - ageDays);
  const until = growingDays === Number.POSITIVE_INFINITY ? '' : `, for ${Math.round(growingDays)} days more`;
  return {
    bytesPerDay: Math.round(bytesPerDay),
    method: `a straight line: ${recent.length} backups of the last ${Math.round(days)} days have added so much a day${until}`,
    months: Array.from({ length: months }, (_, index) => {
      const month = firstOfMonth(now, index + 1);
      const ahead = daysBetween(now, month);
      const size = Math.round(bytes + bytesPerDay * Math.min(ahead, growingDays));
      const most = Math.round(bytes + bytesPerDay * ahead);
      return {
        month: month.toISOString().slice(0, 7),
        bytes: size,
        monthlyUsd: cents(size * usdPerByte),
        mostBytes: most,
        mostUsd: cents(most * usdPerByte),
      };
    }),
  };
}

function daysBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / dayMs;
}

function firstOfMonth(now: Date, ahead: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1));
}
