import type { RetainedSnapshot } from './group.ts';
import { calendarUnit, epochMs, type SnapshotTime } from './snapshot-time.ts';

const dayMs = 86_400_000;
/** Clocks of hosts differ; what is further ahead is an alarm. */
const clockToleranceMs = 5 * 60_000;
/** Fewer snapshots in a day are never a burst: a deploy day has that many. */
const burstAtLeast = 12;
/** How many times the usual day a burst is. */
const burstFactor = 4;

/**
 * Who can write snapshots, but not remove them, can push good ones out of count rules by writing many, or
 * out of duration rules by writing one of the future; the next `forget` then does the removing. So these are
 * told before anything goes.
 */
export function burstAlarms(
  dated: readonly { readonly snapshot: RetainedSnapshot; readonly time: SnapshotTime }[],
  now: Date,
): readonly string[] {
  const ahead = dated.filter(({ time }) => epochMs(time) > now.getTime() + clockToleranceMs);
  const recent = dated.filter(({ time }) => {
    const ageMs = now.getTime() - epochMs(time);
    return ageMs <= dayMs && ageMs >= -clockToleranceMs;
  });
  const usual = usualPerDay(dated.slice(ahead.length + recent.length));
  const alarms: string[] = [];
  if (ahead.length > 0) {
    const first = ahead[0]?.snapshot;
    alarms.push(`${ahead.length} of the snapshots are dated in the future: ${first?.id} of ${first?.time}`);
  }
  if (recent.length > Math.max(burstAtLeast, burstFactor * usual)) {
    alarms.push(`${recent.length} snapshots were made in the last 24 hours; ${usual} a day are usual`);
  }
  return alarms;
}

/** Median number of snapshots of the days that have any. */
function usualPerDay(dated: readonly { readonly time: SnapshotTime }[]): number {
  const days = new Map<string, number>();
  for (const { time } of dated) {
    const day = calendarUnit(time, 'daily');
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  const counts = [...days.values()].sort((a, b) => a - b);
  return counts[Math.floor(counts.length / 2)] ?? 0;
}
