import type { Run } from '../catalog/run-records.ts';
import { medianLine, quantile, spread } from '../policy/robust.ts';

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
/** The band holds eight of ten cases: from the first to the ninth tenth; 1.2816 deviations of a normal one. */
const [lowShare, highShare, bandDeviations] = [0.1, 0.9, 1.2816];
/** Further away, the band says no more than "not soon". */
const furthestDays = 3650;

/**
 * Forecasts the size of a repository from its past: a line of median slope, with a band from the slopes
 * between its points (how sure the growth is) and from their distance to the line (how much a day varies).
 * Undefined with less than a week of history.
 */
export function forecastOf(points: readonly SizePoint[], options: ForecastOptions): Forecast | undefined {
  const daily = lastOfEachDay(points);
  const first = daily[0];
  const last = daily.at(-1);
  if (!first || !last || daily.length < leastPoints || last.x - first.x < leastDays) return undefined;
  const line = medianLine(daily);
  const noise = bandDeviations * spread(daily.map(({ x, y }) => y - line.at(x)));
  const slopes = slopesOf(daily, line.slope);
  const today = Math.max(Date.parse(options.now) / dayMs, last.x);
  const after = (days: number): Estimate => ({
    expected: Math.max(0, last.y + slopes.expected * (today + days - last.x)),
    low: Math.max(0, last.y + slopes.low * (today + days - last.x) - noise),
    high: Math.max(0, last.y + slopes.high * (today + days - last.x) + noise),
  });
  return {
    historyDays: Math.floor(last.x - first.x),
    bytesPerDay: slopes,
    in7Days: after(7),
    in30Days: after(30),
    ...fullDates(slopes, noise, { today, ...options }),
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

function lastOfEachDay(points: readonly SizePoint[]): readonly { readonly x: number; readonly y: number }[] {
  const days = new Map<number, { x: number; y: number }>();
  for (const { at, bytes } of points.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    const x = Date.parse(at) / dayMs;
    days.set(Math.floor(x), { x, y: bytes });
  }
  return [...days.values()];
}

/** Slopes over at least half of the history: shorter ones show how a day varies, not how growth does. */
function slopesOf(points: readonly { readonly x: number; readonly y: number }[], expected: number): Estimate {
  const reach = ((points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0)) / 2;
  const slopes = points.flatMap((a, index) =>
    points.slice(index + 1).flatMap((b) => (b.x - a.x >= reach ? [(b.y - a.y) / (b.x - a.x)] : [])),
  );
  return {
    expected,
    low: Math.min(expected, quantile(slopes, lowShare) ?? expected),
    high: Math.max(expected, quantile(slopes, highShare) ?? expected),
  };
}

function fullDates(
  slopes: Estimate,
  noise: number,
  { today, freeBytes }: { readonly today: number; readonly freeBytes?: number },
): { readonly fullAt?: string; readonly fullAtEarliest?: string } {
  if (freeBytes === undefined) return {};
  const dateAfter = (bytes: number, perDay: number): string | undefined => {
    const days = perDay > 0 ? Math.max(0, bytes) / perDay : Number.POSITIVE_INFINITY;
    return days <= furthestDays ? new Date((today + days) * dayMs).toISOString() : undefined;
  };
  const fullAt = dateAfter(freeBytes, slopes.expected);
  const fullAtEarliest = dateAfter(freeBytes - noise, slopes.high);
  return { ...(fullAt ? { fullAt } : {}), ...(fullAtEarliest ? { fullAtEarliest } : {}) };
}
