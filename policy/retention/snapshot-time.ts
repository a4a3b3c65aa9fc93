import { Failure } from '../../contracts/failures.ts';
import type { CalendarDuration } from './keep-rules.ts';

const nsPerMs = 1_000_000n;
const msPerMinute = 60_000;
const msPerDay = 86_400_000;

/** The time of a snapshot with what its text holds: nanoseconds, and the offset of its writer's clock. */
export interface SnapshotTime {
  /** Nanoseconds since 1970 in UTC. */
  readonly epochNs: bigint;
  /** What the writer's clock was ahead of UTC. */
  readonly offsetMinutes: number;
}

export type Calendar = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/**
 * Parses the `time` of a snapshot: RFC 3339 with up to nine decimals.
 * @throws {Failure} RepositoryDamaged when the text is no time
 */
export function parseSnapshotTime(text: string): SnapshotTime {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(
    text,
  );
  const wholeMs = match ? Date.parse(`${match[1]}Z`) : Number.NaN;
  if (!match || Number.isNaN(wholeMs)) {
    throw new Failure('RepositoryDamaged', `A snapshot has the time "${text}", which is none`);
  }
  const [, , decimals = '', sign, hours = '0', minutes = '0'] = match;
  const offsetMinutes = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const utcMs = wholeMs - offsetMinutes * msPerMinute;
  return { epochNs: BigInt(utcMs) * nsPerMs + BigInt(decimals.padEnd(9, '0')), offsetMinutes };
}

/** Milliseconds since 1970 in UTC, rounded down. */
export function epochMs({ epochNs }: SnapshotTime): number {
  return Number(epochNs / nsPerMs);
}

/** Name of the hour, day, ISO week, month or year that the writer's clock showed. */
export function calendarUnit(time: SnapshotTime, calendar: Calendar): string {
  const wall = wallClock(time);
  switch (calendar) {
    case 'hourly':
      return wall.toISOString().slice(0, 13);
    case 'daily':
      return wall.toISOString().slice(0, 10);
    case 'weekly':
      return isoWeek(wall);
    case 'monthly':
      return wall.toISOString().slice(0, 7);
    case 'yearly':
      return wall.toISOString().slice(0, 4);
  }
}

/**
 * The time a duration earlier, counted in the calendar of the writer's clock. A day that the month does not
 * have runs over into the next month, as in restic: a month before 31 March is 3 March (2 in leap years).
 * restic counts in the zone of the machine where that zone has the same offset, so around a change of summer
 * time the two can differ by that hour.
 */
export function earlier(time: SnapshotTime, duration: CalendarDuration): SnapshotTime {
  const wall = wallClock(time);
  const movedMs = Date.UTC(
    wall.getUTCFullYear() - duration.years,
    wall.getUTCMonth() - duration.months,
    wall.getUTCDate() - duration.days,
    wall.getUTCHours() - duration.hours,
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
    wall.getUTCMilliseconds(),
  );
  // Before the year 100, Date.UTC takes years for those of the 20th century; nothing is that old.
  const movedNs =
    BigInt(Number.isNaN(movedMs) ? Number.MIN_SAFE_INTEGER : movedMs - wall.getTime()) * nsPerMs;
  return { epochNs: time.epochNs + movedNs, offsetMinutes: time.offsetMinutes };
}

function wallClock(time: SnapshotTime): Date {
  return new Date(epochMs(time) + time.offsetMinutes * msPerMinute);
}

/** ISO 8601: weeks start on Monday, and a week belongs to the year of its Thursday. */
function isoWeek(wall: Date): string {
  const thursday = new Date(wall.getTime() + (4 - (wall.getUTCDay() || 7)) * msPerDay);
  const year = thursday.getUTCFullYear();
  const dayOfYear = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / msPerDay);
  return `${year}-W${String(Math.floor(dayOfYear / 7) + 1).padStart(2, '0')}`;
}
