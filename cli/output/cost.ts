import type { CostReport } from '../../policy/cost/report.ts';
import { formatBytes, formatCount } from './format.ts';
import { renderWays } from './restore.ts';
import { renderTable } from './table.ts';

const right = 'right' as const;

/** What a repository costs, for people. */
export function renderCost(report: CostReport & { readonly repository: string }): string {
  const { repository, name, pricesOf, pricesAsOf, source, storage } = report;
  const lines = storage.lines.map(({ kind, storageClass, objects, bytes, monthlyUsd }) => [
    kind,
    storageClass,
    formatCount(objects),
    formatBytes(bytes),
    monthlyUsd === undefined ? 'no price' : usd(monthlyUsd),
  ]);
  const columns = [
    { title: 'Objects' },
    { title: 'Class' },
    { title: 'Count', align: right },
    { title: 'Size', align: right },
    { title: 'A month', align: right },
  ];
  return [
    `${repository} at list prices of ${name}, ${pricesOf}, as of ${pricesAsOf} (${source}), in US dollars`,
    renderTable(columns, lines),
    `Stored: ${formatBytes(storage.bytes)}, ${usd(storage.monthlyUsd)} a month; requests of the last 30 days' writing: ${usd(storage.written.requestsUsd)}`,
    ...(storage.earlyDeletionUsd > 0
      ? [`Removing all of it today would still cost ${usd(storage.earlyDeletionUsd)}, for its least time`]
      : []),
    ...renderRestoreCost(report),
    ...renderClasses(report),
    ...renderForecast(report),
  ].join('\n');
}

function renderRestoreCost({ restore }: CostReport): readonly string[] {
  const { bytes, objects, retrievalUsd, egressUsd, thaw } = restore;
  return [
    `Reading all ${formatCount(objects)} packs once, ${formatBytes(bytes)}: ${usd(retrievalUsd)} to read, ${usd(egressUsd)} to leave the provider`,
    ...renderWays(thaw),
  ];
}

function renderClasses({ classes }: CostReport): readonly string[] {
  if (classes.length < 2) return [];
  const rows = classes.map(({ storageClass, monthlyUsd, retrievalUsd, leastDays, mustThaw }) => [
    storageClass,
    usd(monthlyUsd),
    mustThaw ? 'thaw' : usd(retrievalUsd),
    leastDays === 0 ? '' : `${leastDays} d`,
  ]);
  const columns = [
    { title: 'Data in' },
    { title: 'A month', align: right },
    { title: 'To read', align: right },
    { title: 'At least', align: right },
  ];
  return ['', renderTable(columns, rows)];
}

function renderForecast({ forecast }: CostReport): readonly string[] {
  if (forecast === undefined) return ['', 'No forecast: it takes two backups'];
  const rows = forecast.months.map(({ month, bytes, monthlyUsd, mostBytes, mostUsd }) => [
    month,
    formatBytes(bytes),
    usd(monthlyUsd),
    formatBytes(mostBytes),
    usd(mostUsd),
  ]);
  const columns = [
    { title: 'Month' },
    { title: 'Size', align: right },
    { title: 'A month', align: right },
    { title: 'At most', align: right },
    { title: '', align: right },
  ];
  const { bytesPerDay, method } = forecast;
  return ['', renderTable(columns, rows), `${formatBytes(bytesPerDay)} a day, by ${method}`];
}

function usd(amount: number): string {
  return `$${amount.toFixed(2)}`;
}
