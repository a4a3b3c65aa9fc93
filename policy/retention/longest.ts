import type { RetentionPolicy } from './plan.ts';

const unitDays: Readonly<Record<string, number>> = { y: 365, m: 30, d: 1, h: 1 / 24 };

/**
 * The longest time for which a policy keeps a snapshot, in days, months of 30 days; undefined where its rules keep by
 * number or tag, which has no time.
 */
export function longestKeptDays({ classes, keep }: RetentionPolicy): number | undefined {
  if (keep !== undefined && Object.keys(keep).length > 0) return undefined;
  return Math.max(0, ...Object.values(classes ?? {}).map(daysOf));
}

/** "1y6m", "84d": days. */
export function daysOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)([ymdh])/g)];
  return parts.reduce((sum, [, count = '0', unit = 'd']) => sum + Number(count) * (unitDays[unit] ?? 1), 0);
}
