import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import type { ReportResult } from '../contracts/scheduled-jobs.ts';
import { measureDisks } from '../metrics/disk.ts';
import type { DiskUse } from '../policy/space.ts';
import { count, formatBytes } from '../policy/wording.ts';
import { type AnalyticsReport, analyse, dayOf, historyDays, periodBefore } from '../reports/analytics.ts';
import { analyticsDocument } from '../reports/analytics-document.ts';
import { toHtml, toMarkdown } from '../reports/document.ts';
import type { Store } from '../stores/store.ts';
import { type InspectorOptions, type Look, orLog, type WatchedRepository } from './inspector.ts';

const dayMs = 86_400_000;

/**
 * Writes the report of the last day as a page, as Markdown and as JSON into `<state dir>/reports`, in a folder
 * and files for their owner alone. A second report of the day takes the place of the first.
 */
export async function writeAnalyticsReport(options: InspectorOptions, look: Look): Promise<ReportResult> {
  const catalog = await options.catalog();
  for (const repository of options.repositories) {
    look.signal.throwIfAborted();
    await orLog(options.logger, 'The size of a repository could not be measured', () =>
      measure(options, repository, { catalog, look }),
    );
  }
  const report = await analyseHistory(options, catalog, look.now);
  const { runs, failed } = report.totals;
  return { files: await write(options, report), runs, failed, summary: summaryOf(report) };
}

async function measure(
  { openRepository }: InspectorOptions,
  { repository: name }: WatchedRepository,
  { catalog, look }: { readonly catalog: Catalog; readonly look: Look },
): Promise<void> {
  const repository = await openRepository(name);
  try {
    let [storedBytes, snapshots] = [0, 0];
    for (const type of ['data', 'index', 'snapshot', 'key'] as const) {
      const sizes = await bytesOf(repository.store, type, { look, name });
      storedBytes += sizes.bytes;
      if (type === 'snapshot') snapshots = sizes.files;
    }
    const measuredAt = look.now.toISOString();
    await catalog.recordRepositorySize({ repository: name, measuredAt, storedBytes, snapshots });
  } finally {
    await repository.close();
  }
}

async function bytesOf(
  store: Store,
  type: 'data' | 'index' | 'snapshot' | 'key',
  { look, name }: { readonly look: Look; readonly name: string },
): Promise<{ readonly files: number; readonly bytes: number }> {
  let [files, bytes] = [0, 0];
  for await (const { sizeBytes } of store.list(type, look.signal)) {
    files += 1;
    bytes += sizeBytes;
    if (files % 1000 === 0) look.onProgress(`${name}: ${files} files of ${type}`);
  }
  look.onProgress(`${name}: ${type}`);
  return { files, bytes };
}

async function analyseHistory(
  { sources, repositories, timeZone }: InspectorOptions,
  catalog: Catalog,
  now: Date,
): Promise<AnalyticsReport> {
  const period = periodBefore('daily', now);
  const from = new Date(now.getTime() - (historyDays + 1) * dayMs).toISOString();
  const [runs, sizes, findings] = await Promise.all([
    catalog.runsBetween(from, period.to, { workflow: 'backupSource' }),
    catalog.repositorySizes(from),
    catalog.findings(),
  ]);
  return analyse({
    period,
    generatedAt: now.toISOString(),
    timeZone,
    runs,
    sources,
    sizes,
    disks: await disksOf(repositories),
    findings,
  });
}

async function disksOf(
  repositories: readonly WatchedRepository[],
): Promise<Readonly<Record<string, DiskUse>>> {
  const measured = await Promise.all(
    repositories.map(async ({ repository, folder }) => {
      const [disk] = folder === undefined ? [] : await measureDisks([folder]);
      return disk ? [[repository, disk] as const] : [];
    }),
  );
  return Object.fromEntries(measured.flat());
}

async function write({ stateDir }: InspectorOptions, report: AnalyticsReport): Promise<readonly string[]> {
  const folder = path.join(stateDir, 'reports');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `${report.period.kind}-${dayOf(report.generatedAt, report.timeZone)}`;
  const document = analyticsDocument(report);
  const forms = {
    html: toHtml(document),
    md: toMarkdown(document),
    json: `${JSON.stringify(report, null, 2)}\n`,
  };
  const files: string[] = [];
  for (const [ending, text] of Object.entries(forms)) {
    const file = path.join(folder, `${name}.${ending}`);
    await writeFile(`${file}.tmp`, text, { mode: 0o600 });
    await rename(`${file}.tmp`, file);
    files.push(file);
  }
  return files;
}

function summaryOf({ totals, observations }: AnalyticsReport): string {
  const stands = observations.length === 0 ? '' : ` ${count(observations.length, 'thing')} to look at.`;
  return `${count(totals.runs, 'backup')} in a day, ${totals.failed} failed, ${formatBytes(totals.bytesStored)} stored.${stands}`;
}
