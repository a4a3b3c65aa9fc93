/**
 * Statistics that a few wild values cannot move: the median, the median of the deviations from it (MAD), and
 * the line of median slope (Theil and Sen). Half of the values may be wrong before the median is.
 */

/** Makes the MAD of normally distributed values an estimate of their standard deviation. */
const madScale = 1.4826;

export interface Line {
  /** Change of y for one unit of x. */
  readonly slope: number;
  readonly at: (x: number) => number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Middle value, or the mean of the two in the middle; undefined without values. */
export function median(values: Iterable<number>): number | undefined {
  return quantile(values, 0.5);
}

/** Value below which the share lies, between neighbours by linear interpolation. */
export function quantile(values: Iterable<number>, share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const low = sorted[Math.floor(position)];
  const high = sorted[Math.ceil(position)];
  if (low === undefined || high === undefined) return undefined;
  return low + (high - low) * (position - Math.floor(position));
}

/** Robust estimate of the standard deviation. */
export function spread(values: readonly number[]): number {
  const middle = median(values) ?? 0;
  return madScale * (median(values.map((value) => Math.abs(value - middle))) ?? 0);
}

/**
 * The line whose slope is the median of the slopes between all pairs of points. Takes time with the square of
 * the number of points, so at most the last `limit` are taken.
 */
export function medianLine(points: readonly Point[], limit = 120): Line {
  const recent = points.slice(-limit);
  const slopes: number[] = [];
  for (const [index, a] of recent.entries()) {
    for (const b of recent.slice(index + 1)) {
      if (a.x !== b.x) slopes.push((b.y - a.y) / (b.x - a.x));
    }
  }
  const slope = median(slopes) ?? 0;
  const intercept = median(recent.map(({ x, y }) => y - slope * x)) ?? 0;
  return { slope, at: (x) => intercept + slope * x };
}
