import type { Run } from '../catalog/run-records.ts';
import { goodStatuses } from '../catalog/run-records.ts';
import type { KeptFinding, RepositorySize } from '../catalog/state.ts';
import { median } from '../policy/robust.ts';
import type { DiskUse } from '../policy/space.ts';
import { type FailureGroup, failureGroups } from './failures.ts';
import { type Forecast, forecastOf, type SizePoint, sizesFromRuns } from './forecast.ts';
import { observe } from './observations.ts';

export type ReportKind = 'daily' | 'weekly' | 'monthly';

/** From included, to excluded, ISO in UTC. */
export interface ReportPeriod {
  readonly kind: ReportKind;
  readonly from: string;
  readonly to: string;
}

export interface AnalyticsInput {
  readonly period: ReportPeriod;
  readonly generatedAt: string;
  /** For days and times: `Europe/Madrid`. Default: UTC. */
  readonly timeZone?: string;
  /** Backup runs of the period and of the sixty days before it, from which trends are taken. */
  readonly runs: readonly Run[];
  /** Configured sources: those without a run are shown too. */
  readonly sources: readonly { readonly source: string; readonly kind: string }[];
  /** Measured sizes of repositories, of sixty days. */
  readonly sizes: readonly RepositorySize[];
  /** Space of repositories on file systems, by repository. */
  readonly disks: Readonly<Record<string, DiskUse>>;
  readonly findings: readonly KeptFinding[];
}

export interface PeriodTotals {
  readonly runs: number;
  readonly done: number;
  readonly partial: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Share, 0 to 1, of runs that left something to restore, cancelled ones apart; absent without runs. */
  readonly successRate?: number;
  readonly seconds: number;
  readonly bytesProcessed: number;
  readonly bytesAdded: number;
  readonly bytesStored: number;
  /** Bytes read for one byte that was new; absent when nothing was new. */
  readonly dedupRatio?: number;
  /** New bytes for one byte as stored. */
  readonly compressionRatio?: number;
}

export interface SourceReport {
  readonly source: string;
  readonly kind: string;
  readonly totals: PeriodTotals;
  readonly lastStatus?: Run['status'];
  readonly lastAt?: string;
  /** Seconds of the middle good run of the period, and of the time before it. */
  readonly medianSeconds?: number;
  readonly usualSeconds?: number;
  /** Bytes that the newest good run read, and what that is more than at the beginning of the period. */
  readonly sizeBytes?: number;
  readonly growthBytes?: number;
}

export interface DayReport {
  /** `2026-11-21`, in the report's time zone. */
  readonly day: string;
  readonly totals: PeriodTotals;
}

export interface RepositoryReport {
  readonly repository: string;
  readonly storedBytes: number;
  readonly snapshots?: number;
  readonly disk?: DiskUse;
  /** Absent while there is not enough history. */
  readonly forecast?: Forecast;
}

/** What happened, as plain JSON. */
export interface AnalyticsReport {
  readonly period: ReportPeriod;
  readonly generatedAt: string;
  readonly timeZone: string;
  readonly totals: PeriodTotals;
  /** Of the period of the same length before. */
  readonly previous: PeriodTotals;
  readonly sources: readonly SourceReport[];
  readonly days: readonly DayReport[];
  readonly failures: readonly FailureGroup[];
  readonly repositories: readonly RepositoryReport[];
  /** What checks found and people should know, the worst first. */
  readonly findings: readonly KeptFinding[];
  /** Sentences about what is unusual. */
  readonly observations: readonly string[];
}

const lengthMs: Readonly<Record<ReportKind, number>> = {
  daily: 86_400_000,
  weekly: 7 * 86_400_000,
  monthly: 30 * 86_400_000,
};

/** How far back runs and sizes are wanted before the period. */
export const historyDays = 60;

/** The 24 hours, 7 days or 30 days before a time. */
export function periodBefore(kind: ReportKind, end: Date): ReportPeriod {
  return { kind, from: new Date(end.getTime() - lengthMs[kind]).toISOString(), to: end.toISOString() };
}

/** Makes a report from run history. Runs still under way do not count. */
export function analyse(input: AnalyticsInput): AnalyticsReport {
  const { period, timeZone = 'UTC' } = input;
  const finished = input.runs.filter(({ status }) => status !== 'running');
  const inPeriod = finished.filter(({ startedAt }) => isWithin(startedAt, period));
  const previous = periodBefore(period.kind, new Date(period.from));
  const sources = sourceReports(input, finished);
  const repositories = repositoryReports(input, finished);
  const report = {
    period,
    generatedAt: input.generatedAt,
    timeZone,
    totals: totalsOf(inPeriod),
    previous: totalsOf(finished.filter(({ startedAt }) => isWithin(startedAt, previous))),
    sources,
    days: dayReports(inPeriod, timeZone),
    failures: failureGroups(inPeriod),
    repositories,
    findings: input.findings.filter(({ level }) => level !== 'ok'),
  };
  return { ...report, observations: observe(report) };
}

function totalsOf(runs: readonly Run[]): PeriodTotals {
  const count = (status: Run['status']): number => runs.filter((run) => run.status === status).length;
  const sum = (field: 'bytesProcessed' | 'bytesAdded' | 'bytesStored'): number =>
    runs.reduce((total, run) => total + (run[field] ?? 0), 0);
  const [done, partial, failed, cancelled] = [
    count('done'),
    count('partial'),
    count('failed'),
    count('cancelled'),
  ];
  const judged = done + partial + failed;
  const [bytesProcessed, bytesAdded, bytesStored] = [
    sum('bytesProcessed'),
    sum('bytesAdded'),
    sum('bytesStored'),
  ];
  return {
    runs: runs.length,
    done,
    partial,
    failed,
    cancelled,
    ...(judged > 0 ? { successRate: (done + partial) / judged } : {}),
    seconds: runs.reduce((total, run) => total + secondsOf(run), 0),
    bytesProcessed,
    bytesAdded,
    bytesStored,
    ...(bytesAdded > 0 ? { dedupRatio: bytesProcessed / bytesAdded } : {}),
    ...(bytesStored > 0 ? { compressionRatio: bytesAdded / bytesStored } : {}),
  };
}

function secondsOf({ startedAt, finishedAt = startedAt }: Run): number {
  return Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
}

export function isGood({ status }: Run): boolean {
  return goodStatuses.some((good) => good === status);
}

/** `2026-11-21` in a time zone. */
export function dayOf(time: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(new Date(time));
}

function sourceReports({ period, sources }: AnalyticsInput, runs: readonly Run[]): readonly SourceReport[] {
  const own = Map.groupBy(runs, ({ subject }) => subject);
  const kinds = new Map(sources.map(({ source, kind }) => [source, kind]));
  for (const { subject, kind, startedAt } of runs) {
    if (isWithin(startedAt, period) && !kinds.has(subject)) kinds.set(subject, kind ?? '');
  }
  return [...kinds]
    .map(([source, kind]) => sourceReport({ source, kind }, period, own.get(source) ?? []))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

function sourceReport(
  { source, kind }: { readonly source: string; readonly kind: string },
  period: ReportPeriod,
  own: readonly Run[],
): SourceReport {
  const inOrder = own.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const inPeriod = inOrder.filter(({ startedAt }) => isWithin(startedAt, period));
  const before = inOrder.filter(({ startedAt }) => startedAt < period.from);
  const [last, medianSeconds, usualSeconds] = [
    inPeriod.at(-1),
    medianDuration(inPeriod),
    medianDuration(before),
  ];
  const sizeBytes = newestSize(inPeriod);
  const startBytes = newestSize(before);
  return {
    source,
    kind,
    totals: totalsOf(inPeriod),
    ...(last ? { lastStatus: last.status, lastAt: last.startedAt } : {}),
    ...(medianSeconds === undefined ? {} : { medianSeconds }),
    ...(usualSeconds === undefined ? {} : { usualSeconds }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(sizeBytes === undefined || startBytes === undefined ? {} : { growthBytes: sizeBytes - startBytes }),
  };
}

function medianDuration(runs: readonly Run[]): number | undefined {
  return median(runs.filter(isGood).map(secondsOf));
}

function newestSize(inOrder: readonly Run[]): number | undefined {
  return inOrder.findLast((run) => isGood(run) && run.bytesProcessed !== undefined)?.bytesProcessed;
}

function dayReports(runs: readonly Run[], timeZone: string): readonly DayReport[] {
  const days = Map.groupBy(runs, ({ startedAt }) => dayOf(startedAt, timeZone));
  return [...days]
    .map(([day, own]) => ({ day, totals: totalsOf(own) }))
    .sort((a, b) => (a.day < b.day ? -1 : 1));
}

function repositoryReports(
  { sizes, disks, period }: AnalyticsInput,
  runs: readonly Run[],
): readonly RepositoryReport[] {
  const measured = Map.groupBy(sizes, ({ repository }) => repository);
  const written = Map.groupBy(runs.filter(isGood), ({ repository = '' }) => repository);
  const names = new Set([...measured.keys(), ...written.keys()].filter((name) => name !== ''));
  return [...names].toSorted().map((repository) => {
    const own = measured.get(repository) ?? [];
    const newest = own.at(-1);
    const points: readonly SizePoint[] =
      newest === undefined
        ? sizesFromRuns(written.get(repository) ?? [])
        : own.map(({ measuredAt, storedBytes }) => ({ at: measuredAt, bytes: storedBytes }));
    const disk = disks[repository];
    const forecast = forecastOf(points, { now: period.to, ...(disk ? { freeBytes: disk.freeBytes } : {}) });
    return {
      repository,
      storedBytes: newest?.storedBytes ?? points.at(-1)?.bytes ?? 0,
      ...(newest ? { snapshots: newest.snapshots } : {}),
      ...(disk ? { disk } : {}),
      ...(forecast ? { forecast } : {}),
    };
  });
}

function isWithin(time: string, { from, to }: { readonly from: string; readonly to: string }): boolean {
  return time >= from && time < to;
}
