import type { Finding } from '../../contracts/findings.ts';
import { type PlacedSnapshot, timeOf } from '../placed-snapshot.ts';
import { retentionClasses } from '../retention/classes.ts';
import { formatKeepDuration, parseKeepDuration } from '../retention/keep-rules.ts';
import { defaultRetentionPolicy, planRetention, type RetentionPolicy } from '../retention/plan.ts';
import { earlier, epochMs, parseSnapshotTime } from '../retention/snapshot-time.ts';
import { count, formatAge } from '../wording.ts';
import type { GovernedSource } from './facts.ts';

const dayMs = 86_400_000;
/** Forgetting runs weekly; what has been due for longer is told. */
const forgettingEveryMs = 8 * dayMs;
/** The first snapshot of a period may be a run or two late. */
const startToleranceMs = 2 * dayMs;

/**
 * Whether history reaches back as far as was promised, and whether what should be gone is gone. The promise
 * is the longest duration of the policy, or less where the source is younger.
 */
export function retentionFinding(source: GovernedSource, own: readonly PlacedSnapshot[], now: Date): Finding {
  const policy = source.retention ?? defaultRetentionPolicy;
  const oldest = own.toSorted((a, b) => timeOf(a) - timeOf(b))[0];
  const promisedFrom = Math.max(
    windowStartMs(policy, now),
    source.firstBackupAt === undefined
      ? oldest
        ? timeOf(oldest)
        : now.getTime()
      : Date.parse(source.firstBackupAt),
  );
  const missingMs = (oldest ? timeOf(oldest) : now.getTime()) - promisedFrom;
  const overdue = overdueCount(own, policy, now);
  const evidence = [
    oldest ? `oldest snapshot ${oldest.id} of ${oldest.time}` : 'no snapshot',
    `${count(own.length, 'snapshot')}, promised: ${describe(policy)}`,
  ];
  const base = { check: 'retention', subject: source.source, evidence };
  if (missingMs > startToleranceMs) {
    return {
      ...base,
      level: 'warning',
      message: `The history of ${source.source} lacks its first ${formatAge(missingMs)}: snapshots were removed before their time.`,
      mend: 'Look in the audit log for who removed them (`resguardo audit show`), and take the right to remove away.',
    };
  }
  if (overdue > 0) {
    return {
      ...base,
      level: 'notice',
      message: `${count(overdue, 'snapshot')} of ${source.source} should have been forgotten more than a week ago.`,
      mend: 'Run `resguardo forget --dry-run`, then `resguardo forget`; see why the schedule repository_prune did not.',
    };
  }
  return { ...base, level: 'ok', message: `${source.source} is kept as promised.` };
}

/** Snapshots that retention would have removed a week ago, had it run. */
function overdueCount(own: readonly PlacedSnapshot[], policy: RetentionPolicy, now: Date): number {
  const then = new Date(now.getTime() - forgettingEveryMs);
  const existing = own.filter((snapshot) => timeOf(snapshot) <= then.getTime());
  return planRetention({ snapshots: existing, now: then, policyOf: () => policy }).removeCount;
}

/** Durations of classes count where any is given; count rules promise no length of time. */
function windowStartMs(policy: RetentionPolicy, now: Date): number {
  const time = parseSnapshotTime(now.toISOString());
  const starts = durations(policy).map((duration) => epochMs(earlier(time, parseKeepDuration(duration))));
  return Math.min(now.getTime(), ...starts);
}

function durations({ keep, classes }: RetentionPolicy): readonly string[] {
  // Only daily snapshots are surely made; weekly and monthly ones need schedules that may not be there.
  const daily = classes?.daily ?? classes?.incremental;
  return [keep?.keepWithin, keep?.keepWithinDaily, daily].filter((duration) => duration !== undefined);
}

function describe({ keep = {}, classes = {} }: RetentionPolicy): string {
  const byClass = retentionClasses.flatMap((retention) => {
    const duration = classes[retention];
    return duration === undefined ? [] : [`${retention} ${formatKeepDuration(parseKeepDuration(duration))}`];
  });
  const byRule = Object.entries(keep).map(([rule, value]) => `${rule} ${JSON.stringify(value)}`);
  return [...byClass, ...byRule].join(', ');
}
