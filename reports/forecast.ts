import type { Run } from '../catalog/run-records.ts';
import { medianLine, spread } from '../policy/robust.ts';

export interface SizePoint {
  /** ISO in UTC. */
  readonly at: string;
  readonly bytes: number;
}

/** A figure, and between what it will be in eight of ten cases, if things go on as they did. */
export interface Estimate {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

export interface Forecast {
  /** Days of history that it rests on. */
  readonly historyDays: number;
  readonly bytesPerDay: Estimate;
  readonly in7Days: Estimate;
  readonly in30Days: Estimate;
  /** When the disk will be full, ISO in UTC: at the expected growth, and at the high one. Absent if never. */
  readonly fullAt?: string;
  readonly fullAtEarliest?: string;
}

export interface ForecastOptions {
  readonly now: string;
  /** What can still be written. */
  readonly freeBytes?: number;
}

const dayMs = 86_400_000;
/** Less shows no trend: a week has its quiet days. */
const leastDays = 7;
const leastPoints = 5;
/**
 * Eight of ten values of a normal distribution lie within 1.28 deviations; the rest makes up for the deviation
 * being an estimate from some eight independent weeks (Student's distribution), and for the line being one too.
 */
const bandDeviations = 1.5;
/** Deviations are taken over a week, so that the difference between its days does not count. */
const weekDays = 7;
/** Further away, a date says no more than "not soon". */
const furthestDays = 3650;

interface Point {
  /** Days since 1970. */
  readonly x: number;
  readonly y: number;
}

/** Growth by the day, and the distance from it that the days to come can have. */
interface Growth {
  readonly perDay: number;
  /** Half of the band so many days from now. */
  readonly doubt: (days: number) => number;
}

/**
 * Forecasts the size of a repository from its past: growth by a line of median slope, and a band in which the
 * size will be in eight of ten cases. The band widens with the square root of the days, as sums of independent
 * days do, and with the doubt about the growth itself. Undefined with less than a week of history.
 */
export function forecastOf(points: readonly SizePoint[], options: ForecastOptions): Forecast | undefined {
  const daily = lastOfEachDay(points);
  const first = daily[0];
  const last = daily.at(-1);
  if (!first || !last || daily.length < leastPoints || last.x - first.x < leastDays) return undefined;
  const historyDays = last.x - first.x;
  const growth = growthOf(daily, historyDays);
  const passed = Math.max(0, Date.parse(options.now) / dayMs - last.x);
  const after = (days: number): Estimate => {
    const expected = last.y + growth.perDay * (passed + days);
    const doubt = growth.doubt(passed + days);
    return { expected: Math.max(0, expected), low: Math.max(0, expected - doubt), high: expected + doubt };
  };
  // What a day brings in the long run: over as long as the history is.
  const perDayDoubt = growth.doubt(historyDays) / historyDays;
  return {
    historyDays: Math.floor(historyDays),
    bytesPerDay: {
      expected: growth.perDay,
      low: growth.perDay - perDayDoubt,
      high: growth.perDay + perDayDoubt,
    },
    in7Days: after(7),
    in30Days: after(30),
    ...fullDates(growth, options),
  };
}

/** What runs have stored, added up: the size of a repository that nobody has measured, and nobody has pruned. */
export function sizesFromRuns(runs: readonly Run[]): readonly SizePoint[] {
  let bytes = 0;
  return runs
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    .map(({ startedAt, bytesStored = 0 }) => {
      bytes += bytesStored;
      return { at: startedAt, bytes };
    });
}

function lastOfEachDay(points: readonly SizePoint[]): readonly Point[] {
  const days = new Map<number, Point>();
  for (const { at, bytes } of points.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    const x = Date.parse(at) / dayMs;
    days.set(Math.floor(x), { x, y: bytes });
  }
  return [...days.values()];
}

function growthOf(daily: readonly Point[], historyDays: number): Growth {
  const { slope } = medianLine(daily);
  const lag = Math.min(weekDays, historyDays / 3);
  const deviations = daily.flatMap((a) => {
    const b = daily.find(({ x }) => x - a.x >= lag);
    if (!b) return [];
    const days = b.x - a.x;
    return [(b.y - a.y - slope * days) / Math.sqrt(days)];
  });
  const daySpread = spread(deviations);
  return {
    perDay: slope,
    doubt: (days) => bandDeviations * daySpread * Math.sqrt(days + days ** 2 / historyDays),
  };
}

function fullDates(
  { perDay, doubt }: Growth,
  { now, freeBytes }: ForecastOptions,
): { readonly fullAt?: string; readonly fullAtEarliest?: string } {
  if (freeBytes === undefined) return {};
  const expected = perDay > 0 ? freeBytes / perDay : Number.POSITIVE_INFINITY;
  let earliest = 0;
  while (earliest <= furthestDays && perDay * earliest + doubt(earliest) < freeBytes) earliest += 1;
  const date = (days: number): string => new Date(Date.parse(now) + days * dayMs).toISOString();
  return {
    ...(expected <= furthestDays ? { fullAt: date(expected) } : {}),
    ...(earliest <= furthestDays ? { fullAtEarliest: date(Math.min(earliest, expected)) } : {}),
  };
}
