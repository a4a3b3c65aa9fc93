import { count, formatAge, formatBytes, formatPercent } from '../policy/wording.ts';
import type { AnalyticsReport, PeriodTotals, RepositoryReport, SourceReport } from './analytics.ts';
import type { Block, Column, ReportDocument } from './document.ts';
import type { Estimate } from './forecast.ts';

const titles = {
  daily: 'Backups of the last day',
  weekly: 'Backups of the last week',
  monthly: 'Backups of the last 30 days',
};
const none = '–';

/** The report for people, to be shown as Markdown or HTML. */
export function analyticsDocument(report: AnalyticsReport): ReportDocument {
  return {
    title: titles[report.period.kind],
    blocks: [
      {
        kind: 'paragraph',
        text: `${moment(report.period.from, report)} to ${moment(report.period.to, report)}.`,
      },
      { kind: 'paragraph', text: summary(report) },
      ...section('What stands out', listOf(report.observations)),
      ...section(
        'Findings',
        listOf(
          report.findings.map(({ level, message, mend }) => `${level}: ${message}${mend ? ` ${mend}` : ''}`),
        ),
      ),
      ...section('Failures', failuresTable(report)),
      ...section('In figures', totalsTable(report)),
      ...section('Sources', sourcesTable(report)),
      ...(report.days.length > 1 ? section('Days', daysTable(report)) : []),
      ...section('Repositories', repositoriesTable(report.repositories)),
    ],
  };
}

function summary({ totals, sources }: AnalyticsReport): string {
  if (totals.runs === 0) return 'No backup ran.';
  const well = sources.filter(({ lastStatus }) => lastStatus === 'done' || lastStatus === 'partial').length;
  const rate = totals.successRate === undefined ? '' : ` (${formatPercent(totals.successRate)} succeeded)`;
  return (
    `${count(totals.runs, 'run')}${rate}, ${totals.failed} failed, ${totals.partial} in part; ` +
    `the last run of ${well} of ${count(sources.length, 'source')} succeeded. ` +
    `${formatBytes(totals.bytesProcessed)} read, ${formatBytes(totals.bytesStored)} stored.`
  );
}

function failuresTable(report: AnalyticsReport): readonly Block[] {
  if (report.failures.length === 0) return [];
  const rows = report.failures.map(({ subject, type, runs, lastAt, message, advice = '' }) => [
    subject,
    type,
    String(runs),
    moment(lastAt, report),
    message,
    advice,
  ]);
  return [table(['Source', 'Failure', '>Runs', 'Last', 'Message', 'What to do'], rows)];
}

function totalsTable({ totals, previous }: AnalyticsReport): readonly Block[] {
  const row = (title: string, show: (totals: PeriodTotals) => string): readonly string[] => [
    title,
    show(totals),
    show(previous),
  ];
  return [
    table(
      ['', '>This time', '>Before'],
      [
        row('Runs', ({ runs }) => String(runs)),
        row('Failed', ({ failed }) => String(failed)),
        row('Succeeded', ({ successRate }) =>
          successRate === undefined ? none : formatPercent(successRate),
        ),
        row('Time at work', ({ seconds }) => formatAge(seconds * 1000)),
        row('Read', ({ bytesProcessed }) => formatBytes(bytesProcessed)),
        row('New', ({ bytesAdded }) => formatBytes(bytesAdded)),
        row('Stored', ({ bytesStored }) => formatBytes(bytesStored)),
        row('Deduplication', ({ dedupRatio }) => ratio(dedupRatio)),
        row('Compression', ({ compressionRatio }) => ratio(compressionRatio)),
      ],
    ),
  ];
}

function sourcesTable(report: AnalyticsReport): readonly Block[] {
  if (report.sources.length === 0) return [];
  const rows = report.sources.map((source) => sourceRow(source, report));
  return [
    table(
      ['Source', 'Kind', 'Last', '', '>Runs', '>Failed', '>Time', '>Usual', '>Size', '>Growth', '>Stored'],
      rows,
    ),
  ];
}

function sourceRow(source: SourceReport, report: AnalyticsReport): readonly string[] {
  const { lastAt, lastStatus = none, medianSeconds, usualSeconds, sizeBytes, growthBytes, totals } = source;
  const age = (seconds: number | undefined): string =>
    seconds === undefined ? none : formatAge(seconds * 1000);
  const bytes = (size: number | undefined): string => (size === undefined ? none : formatBytes(size));
  return [
    source.source,
    source.kind,
    lastAt === undefined ? none : moment(lastAt, report),
    lastStatus,
    String(totals.runs),
    String(totals.failed),
    age(medianSeconds),
    age(usualSeconds),
    bytes(sizeBytes),
    bytes(growthBytes),
    formatBytes(totals.bytesStored),
  ];
}

function daysTable({ days }: AnalyticsReport): readonly Block[] {
  const rows = days.map(({ day, totals }) => [
    day,
    String(totals.runs),
    String(totals.failed),
    formatBytes(totals.bytesProcessed),
    formatBytes(totals.bytesStored),
  ]);
  return [table(['Day', '>Runs', '>Failed', '>Read', '>Stored'], rows)];
}

function repositoriesTable(repositories: readonly RepositoryReport[]): readonly Block[] {
  if (repositories.length === 0) return [];
  const rows = repositories.map(({ repository, storedBytes, snapshots, disk, forecast }) => [
    repository,
    formatBytes(storedBytes),
    snapshots === undefined ? none : String(snapshots),
    disk ? formatBytes(disk.freeBytes) : none,
    forecast ? estimate(forecast.bytesPerDay) : none,
    forecast ? estimate(forecast.in7Days) : none,
    forecast ? estimate(forecast.in30Days) : none,
    forecast?.fullAt?.slice(0, 10) ?? none,
  ]);
  const columns = [
    'Repository',
    '>Size',
    '>Snapshots',
    '>Free',
    '>A day',
    '>In 7 days',
    '>In 30 days',
    'Full',
  ];
  const text =
    'Forecasts go on from the last sixty days; in eight of ten cases the figure lies within the brackets. ' +
    'They need a week of history.';
  return [table(columns, rows), { kind: 'paragraph', text }];
}

function estimate({ expected, low, high }: Estimate): string {
  return `${formatBytes(expected)} (${formatBytes(low)} to ${formatBytes(high)})`;
}

function ratio(value: number | undefined): string {
  return value === undefined
    ? none
    : `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))} : 1`;
}

/** `2026-11-21 02:00 UTC`, in the report's time zone. */
function moment(time: string, { timeZone }: { readonly timeZone: string }): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return `${parts.format(new Date(time))} ${timeZone}`;
}

function section(text: string, blocks: readonly Block[]): readonly Block[] {
  return blocks.length === 0 ? [] : [{ kind: 'heading', text }, ...blocks];
}

function listOf(items: readonly string[]): readonly Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', items }];
}

/** Titles that begin with > are those of figures. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): Block {
  const columns = headings.map(
    (title): Column => (title.startsWith('>') ? { title: title.slice(1), align: 'right' } : { title }),
  );
  return { kind: 'table', columns, rows };
}
