import type { Finding, FindingLevel } from '../contracts/findings.ts';
import { timeOf } from './placed-snapshot.ts';
import { medianLine, type Point, spread } from './robust.ts';
import { formatBytes, formatPercent } from './wording.ts';

/** A backup below this holds nothing that anyone meant to protect. */
const leastBytes = 1024;
/** Fewer earlier backups show no trend. */
const leastHistory = 5;
const recentBackups = 60;
/** Deviations in units of the usual spread. Six: once in years for well-behaved sources. */
const alarmSpreads = 6;
/** Least spread, as a share of the expected size: sizes that never vary must not alarm at the first change. */
const leastSpread = 0.05;
/** A backup of less than this share of what was expected has lost most of its data. */
const criticalShare = 0.5;

export interface BackupSize {
  /** RFC 3339. */
  readonly time: string;
  /** Bytes that a restore gives back. */
  readonly bytes: number;
}

/**
 * Judges the size of a source's newest backup against its earlier ones: less than 1 KB, or far from their
 * trend. The trend is a line of median slope and its usual spread, so one odd backup in the past moves
 * neither, and steady growth is no alarm.
 *
 * @param earlier in any order; the last 60 count
 */
export function sizeFinding(source: string, newest: BackupSize, earlier: readonly BackupSize[]): Finding {
  const points = toPoints(earlier);
  const line = medianLine(points, recentBackups);
  const expected = Math.max(0, points.length >= leastHistory ? line.at(hours(newest.time)) : 0);
  const usualSpread = Math.max(spread(points.map(({ x, y }) => y - line.at(x))), expected * leastSpread);
  const level = judge(newest.bytes, { points, expected, usualSpread });
  const size = `The newest backup of ${source} has ${formatBytes(newest.bytes)}`;
  const trend = expected > 0 ? `${formatBytes(expected)} were expected` : 'nothing to compare with';
  return {
    check: 'size',
    subject: source,
    level,
    message:
      level === 'ok'
        ? `${size}.`
        : `${size}${expected > 0 ? `; ${trend} (${change(newest.bytes / expected)})` : ''}.`,
    evidence: [
      `${newest.bytes} bytes at ${newest.time}`,
      `${points.length} earlier backups, ${trend}, usual deviation ${formatBytes(usualSpread)}`,
    ],
    ...(level === 'ok' ? {} : { mend: mendFor(newest.bytes, expected) }),
  };
}

function judge(
  bytes: number,
  trend: { readonly points: readonly Point[]; readonly expected: number; readonly usualSpread: number },
): FindingLevel {
  if (bytes < leastBytes) {
    // Some sources are that small: a configuration of one file.
    const alwaysTiny = trend.points.length > 0 && trend.points.every(({ y }) => y < leastBytes && y > 0);
    return alwaysTiny && bytes > 0 ? 'ok' : 'critical';
  }
  if (trend.points.length < leastHistory) return 'ok';
  const deviation = bytes - trend.expected;
  if (Math.abs(deviation) <= alarmSpreads * trend.usualSpread) return 'ok';
  if (deviation > 0) return bytes > 2 * trend.expected ? 'warning' : 'notice';
  return bytes < criticalShare * trend.expected ? 'critical' : 'warning';
}

function toPoints(earlier: readonly BackupSize[]): readonly Point[] {
  return earlier
    .map(({ time, bytes }) => ({ x: hours(time), y: bytes }))
    .sort((a, b) => a.x - b.x)
    .slice(-recentBackups);
}

function hours(time: string): number {
  return timeOf({ time }) / 3_600_000;
}

function change(ratio: number): string {
  return ratio >= 1 ? `${formatPercent(ratio - 1)} more` : `${formatPercent(1 - ratio)} less`;
}

function mendFor(bytes: number, expected: number): string {
  if (bytes >= expected && bytes >= leastBytes) {
    return 'Look at what grew with `resguardo diff`; if it is meant, nothing is to be done.';
  }
  return 'Compare it with the snapshot before by `resguardo diff`: databases or folders may be missing, or empty.';
}
