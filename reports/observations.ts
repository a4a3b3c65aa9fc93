import { count, formatAge, formatBytes, formatPercent } from '../policy/wording.ts';
import type { AnalyticsReport, RepositoryReport, SourceReport } from './analytics.ts';

const dayMs = 86_400_000;
/** Twice as long as usual, and a minute more: short runs vary that much by themselves. */
const slowFactor = 2;
const slowLeastSeconds = 60;
const growthShare = 0.25;
const growthLeastBytes = 100 * 1024 * 1024;
/** A disk that is full within this time is told. */
const fullWithinDays = 60;
const leastFree = 0.1;

/** Sentences about what is unusual in a report; none when all is as ever. */
export function observe(report: Omit<AnalyticsReport, 'observations'>): readonly string[] {
  return [
    ...report.sources.flatMap((source) => aboutSource(source)),
    ...aboutSuccess(report),
    ...report.repositories.flatMap((repository) => aboutRepository(repository, report.period.to)),
  ];
}

function aboutSource(report: SourceReport): readonly string[] {
  const { source, totals, medianSeconds, usualSeconds, sizeBytes, growthBytes } = report;
  const sentences: string[] = [];
  if (totals.runs === 0) sentences.push(`${source} had no backup run.`);
  else if (totals.done + totals.partial === 0) sentences.push(`No backup of ${source} succeeded.`);
  if (medianSeconds !== undefined && usualSeconds !== undefined) {
    const isSlow =
      medianSeconds > slowFactor * usualSeconds && medianSeconds > usualSeconds + slowLeastSeconds;
    const [now, usual] = [formatAge(medianSeconds * 1000), formatAge(usualSeconds * 1000)];
    if (isSlow) sentences.push(`${source} took ${now}; ${usual} are usual.`);
  }
  if (sizeBytes !== undefined && growthBytes !== undefined) {
    const share = growthBytes / Math.max(1, sizeBytes - growthBytes);
    if (Math.abs(share) > growthShare && Math.abs(growthBytes) > growthLeastBytes) {
      const change = growthBytes > 0 ? 'grew' : 'shrank';
      sentences.push(
        `${source} ${change} by ${formatBytes(Math.abs(growthBytes))} (${formatPercent(Math.abs(share))}) to ${formatBytes(sizeBytes)}.`,
      );
    }
  }
  return sentences;
}

function aboutSuccess({ totals, previous }: Pick<AnalyticsReport, 'totals' | 'previous'>): readonly string[] {
  if (totals.failed <= previous.failed || totals.failed === 0) return [];
  return [`${count(totals.failed, 'run')} failed; in the time before, ${previous.failed} did.`];
}

function aboutRepository({ repository, disk, forecast }: RepositoryReport, now: string): readonly string[] {
  const sentences: string[] = [];
  if (disk && disk.totalBytes > 0 && disk.freeBytes / disk.totalBytes < leastFree) {
    const share = formatPercent(disk.freeBytes / disk.totalBytes);
    sentences.push(`The disk of ${repository} has ${formatBytes(disk.freeBytes)} free (${share}).`);
  }
  const days = (date: string): number => (Date.parse(date) - Date.parse(now)) / dayMs;
  const { fullAt, fullAtEarliest } = forecast ?? {};
  if (fullAtEarliest !== undefined && days(fullAtEarliest) < fullWithinDays) {
    const expected = fullAt === undefined ? '' : `, and is expected to be on ${fullAt.slice(0, 10)}`;
    sentences.push(`The disk of ${repository} can be full on ${fullAtEarliest.slice(0, 10)}${expected}.`);
  }
  return sentences;
}
