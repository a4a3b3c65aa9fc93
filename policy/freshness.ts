import type { Finding, FindingLevel } from '../contracts/findings.ts';
import { newestOf, type PlacedSnapshot, snapshotsByPlace, timeOf } from './placed-snapshot.ts';
import { formatAge } from './wording.ts';

const hourMs = 3_600_000;

/**
 * How old the newest snapshot of a source may be. A daily backup has 24 hours; the hour after belongs to the
 * run under way, so people are told after 25, and loudly after 26.
 */
export interface FreshnessLimits {
  /** The age that was promised: past it, a line in reports. */
  readonly targetHours: number;
  readonly warningHours: number;
  readonly criticalHours: number;
}

export const dailyFreshness: FreshnessLimits = { targetHours: 24, warningHours: 25, criticalHours: 26 };

export interface WatchedSource {
  readonly source: string;
  /** Repository that the source is backed up to. */
  readonly repository: string;
  readonly limits?: FreshnessLimits;
  /** When the source was first configured, ISO in UTC: until the limits have passed since, "none yet" is well. */
  readonly since?: string;
}

/** Limits that promise another age, with the daily ones' hour of grace and hour of warning. */
export function freshnessWithin(hours: number): FreshnessLimits {
  return { targetHours: hours, warningHours: hours + 1, criticalHours: hours + 2 };
}

/**
 * One finding for each source, from the snapshots that its repository holds: what a run reported does not
 * count.
 */
export function freshnessFindings(
  sources: readonly WatchedSource[],
  snapshots: readonly PlacedSnapshot[],
  now: Date,
): readonly Finding[] {
  const places = snapshotsByPlace(snapshots);
  return sources.map((source) => {
    const own = places.of(source.repository, source.source);
    const newest = newestOf(own, now);
    return newest ? ageFinding(source, newest, now) : absentFinding(source, own, now);
  });
}

function ageFinding(watched: WatchedSource, newest: PlacedSnapshot, now: Date): Finding {
  const { source, repository, limits = dailyFreshness } = watched;
  const ageMs = Math.max(0, now.getTime() - timeOf(newest));
  const level = levelOf(ageMs, limits);
  const age = `The newest snapshot of ${source} in ${repository} is ${formatAge(ageMs)} old`;
  return {
    check: 'freshness',
    subject: source,
    level,
    message: level === 'ok' ? `${age}.` : `${age}; ${limits.targetHours} h are allowed.`,
    evidence: [`snapshot ${newest.id} of ${newest.time}`],
    ...(level === 'ok'
      ? {}
      : { mend: `Run \`resguardo backup ${source}\`, and read why the last run failed.` }),
  };
}

function absentFinding(watched: WatchedSource, own: readonly PlacedSnapshot[], now: Date): Finding {
  const { source, repository, since, limits = dailyFreshness } = watched;
  const known = since === undefined ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(since);
  const level = levelOf(known, limits);
  const future = own.length > 0 ? ' that is not dated in the future' : '';
  return {
    check: 'freshness',
    subject: source,
    level: level === 'ok' ? 'notice' : level,
    message: `There is no snapshot of ${source} in ${repository}${future}.`,
    evidence: own.map(({ id, time }) => `snapshot ${id} of ${time}`),
    mend:
      own.length > 0
        ? 'Set the clock of the host that writes the snapshots, and look at who wrote them.'
        : `Run \`resguardo backup ${source}\`.`,
  };
}

function levelOf(ageMs: number, limits: FreshnessLimits): FindingLevel {
  if (ageMs > limits.criticalHours * hourMs) return 'critical';
  if (ageMs > limits.warningHours * hourMs) return 'warning';
  return ageMs > limits.targetHours * hourMs ? 'notice' : 'ok';
}
