import type { Finding, FindingLevel } from '../../contracts/findings.ts';
import { dailyFreshness, type FreshnessLimits } from '../freshness.ts';
import { newestOf, type PlacedSnapshot, type SnapshotPlaces, timeOf } from '../placed-snapshot.ts';
import { count, formatAge } from '../wording.ts';
import { dueForCopy } from './due.ts';

const hourMs = 3_600_000;

/** A copy may lag behind its original by a day, as long as an off-site line is down. */
const copyLagHours = 24;

/** Age of the newest copy of a source, in ms, beyond which it counts as missing. */
export function copyLimitMs(limits: FreshnessLimits = dailyFreshness): number {
  return (limits.criticalHours + copyLagHours) * hourMs;
}

/** How far a copy is behind. Times are ISO in UTC. */
export interface CopyDebt {
  readonly source: string;
  /** Repository that should have the copies. */
  readonly repository: string;
  readonly snapshots: number;
  readonly bytes: number;
  /** When the oldest snapshot was taken that has no copy; absent without debt. */
  readonly since?: string;
  /** When the newest snapshot was taken that has a copy; absent when there is none. */
  readonly newestCopyAt?: string;
  /** When the newest copy will be, or became, older than the policy allows; absent without debt. */
  readonly breachAt?: string;
}

export interface CopyPlace {
  readonly source: string;
  /** Where the source is backed up to. */
  readonly repository: string;
  readonly copyIn: string;
  readonly limits?: FreshnessLimits;
}

/** What a repository owes a source. Pure. */
export function copyDebt(
  places: SnapshotPlaces<PlacedSnapshot>,
  { source, repository: origin, copyIn: repository, limits }: CopyPlace,
  now: Date,
): CopyDebt {
  const copies = places.of(repository, source);
  const due = dueForCopy({ originals: places.of(origin, source), copies });
  const newest = newestOf(copies, now);
  const base = { source, repository, ...(newest && { newestCopyAt: iso(timeOf(newest)) }) };
  const [oldest] = due;
  if (oldest === undefined) return { ...base, snapshots: 0, bytes: 0 };
  return {
    ...base,
    snapshots: due.length,
    bytes: due.reduce((sum, { storedBytes = 0 }) => sum + storedBytes, 0),
    since: iso(timeOf(oldest)),
    breachAt: iso(timeOf(newest ?? oldest) + copyLimitMs(limits)),
  };
}

/** What people are told of a debt: nothing while copies follow as they should. */
export function copyDebtFinding(debt: CopyDebt, now: Date): Finding {
  const { source, repository, since, newestCopyAt, breachAt } = debt;
  return {
    check: 'copy-debt',
    subject: `${source} in ${repository}`,
    level: levelOf(debt, now),
    message: describeCopyDebt(debt, now),
    evidence: [
      newestCopyAt === undefined ? 'there is no copy yet' : `newest copy: ${newestCopyAt}`,
      ...(since === undefined ? [] : [`oldest snapshot without a copy: ${since}`]),
      ...(breachAt === undefined ? [] : [`the policy is broken from ${breachAt}`]),
    ],
    ...(since === undefined
      ? {}
      : { mend: `Look why copying is held up: resguardo copy ${repository}; resguardo doctor.` }),
  };
}

/** One sentence for people. */
export function describeCopyDebt(
  { source, repository, snapshots, since, breachAt }: CopyDebt,
  now: Date,
): string {
  if (since === undefined || breachAt === undefined) return `${repository} has all snapshots of ${source}.`;
  const untilBreachMs = Date.parse(breachAt) - now.getTime();
  const breach =
    untilBreachMs > 0
      ? `in ${formatAge(untilBreachMs)} the policy is broken`
      : `the policy has been broken for ${formatAge(-untilBreachMs)}`;
  const behind = formatAge(Math.max(0, now.getTime() - Date.parse(since)));
  return `${repository} lacks ${count(snapshots, 'snapshot', 'snapshots')} of ${source}, the oldest ${behind} old; ${breach}.`;
}

/** A warning in the last quarter of the time that is left for a mend. */
function levelOf({ since, breachAt }: CopyDebt, now: Date): FindingLevel {
  if (since === undefined || breachAt === undefined) return 'ok';
  const [sinceMs, breachMs] = [Date.parse(since), Date.parse(breachAt)];
  if (now.getTime() >= breachMs) return 'critical';
  return now.getTime() >= sinceMs + (3 * (breachMs - sinceMs)) / 4 ? 'warning' : 'notice';
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
