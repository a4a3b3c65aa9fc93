import { z } from 'zod';
import { durationPattern, formatDuration, parseDuration } from '../contracts/duration.ts';

export interface DurationLimits {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** A duration as people write it (contracts/duration.ts), kept as text and checked against its limits. */
export function durationSchema(limits: DurationLimits) {
  const range = `from ${formatDuration(limits.leastMs)} to ${formatDuration(limits.mostMs)}`;
  return z
    .string()
    .regex(durationPattern, `must be a duration such as 30s, 15m, 6h or 7d, ${range}`)
    .refine((text) => isWithin(text, limits), { error: `must be a duration ${range}` });
}

function isWithin(text: string, { leastMs, mostMs }: DurationLimits): boolean {
  const durationMs = parseDuration(text);
  // What the pattern refuses is reported by the pattern.
  return durationMs === undefined
    ? !durationPattern.test(text)
    : durationMs >= leastMs && durationMs <= mostMs;
}
