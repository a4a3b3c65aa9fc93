import { finishedStatuses, goodStatuses } from '../catalog/run-records.ts';
import { findingLevels } from '../contracts/findings.ts';
import type { CopyDebt } from '../policy/copies/debt.ts';
import type { MetricsFacts } from './facts.ts';
import { rateDays } from './facts.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric: its name is a contract with dashboards and alert rules. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  /** `kinds`: kinds of the configured sources, which have zeros before their first run. */
  readonly samples: (facts: MetricsFacts, kinds: readonly string[]) => readonly Sample[];
}

const backups = 'backupSource';
const hourMs = 3_600_000;
/** A snapshot older than this is no copy of today's data: 26 hours, and a day for a copy to catch up. */
const copyHours = 50;

/** The metrics of PRODUCT.md F2, with exactly these names and labels. */
const promised: readonly MetricDefinition[] = [
  {
    name: 'backup_total',
    type: 'counter',
    help: 'Backup runs that have ended, by kind of source and by how they ended.',
    labels: ['type', 'status'],
    samples: (facts, kinds) => byTypeAndStatus(facts, kinds, ({ runs }) => runs),
  },
  {
    name: 'backup_duration_seconds',
    type: 'gauge',
    help: 'Duration of the backup run that ended last, by kind of source and by how it ended.',
    labels: ['type', 'status'],
    samples: ({ totals }) =>
      totals
        .filter(({ workflow }) => workflow === backups)
        .map(({ kind, status, lastSeconds }) => ({ labels: { type: kind, status }, value: lastSeconds })),
  },
  {
    name: 'backup_size_bytes',
    type: 'gauge',
    help: 'Bytes that the newest good backup of each source gives back, added up by kind of source.',
    labels: ['type'],
    samples: ({ lastGoodRuns }) => sumByType(lastGoodRuns, ({ bytesProcessed = 0 }) => bytesProcessed),
  },
  {
    name: 'backup_success_rate',
    type: 'gauge',
    help: `Share, 0 to 1, of the backup runs of the last ${rateDays} days that left something to restore. Cancelled runs do not count.`,
    labels: ['type'],
    samples: successRates,
  },
  {
    name: 'backup_health_status',
    type: 'gauge',
    help: '1 if the last check of this kind found nothing that people must be told, else 0.',
    labels: ['check_type'],
    samples: ({ findings }) => {
      const healthy = new Map<string, boolean>();
      for (const { check, level } of findings) {
        const isWell = level === 'ok' || level === 'notice';
        healthy.set(check, isWell && (healthy.get(check) ?? true));
      }
      return [...healthy].map(([check, isWell]) => ({
        labels: { check_type: check },
        value: isWell ? 1 : 0,
      }));
    },
  },
  {
    name: 'backup_disk_usage_percent',
    type: 'gauge',
    help: 'Used share, in percent, of the fullest file system that holds a repository.',
    labels: [],
    samples: ({ disks }) => {
      const shares = disks.flatMap(({ totalBytes, freeBytes }) =>
        totalBytes > 0 ? [100 * (1 - freeBytes / totalBytes)] : [],
      );
      return shares.length > 0 ? [{ labels: {}, value: Math.max(...shares) }] : [];
    },
  },
];

const further: readonly MetricDefinition[] = [
  {
    name: 'resguardo_backup_seconds_total',
    type: 'counter',
    help: 'Durations of all backup runs that have ended, added up; with backup_total, their mean.',
    labels: ['type', 'status'],
    samples: (facts, kinds) => byTypeAndStatus(facts, kinds, ({ seconds }) => seconds),
  },
  {
    name: 'resguardo_backup_added_bytes_total',
    type: 'counter',
    help: 'Bytes of new data that backup runs have stored, before compression.',
    labels: ['type', 'status'],
    samples: (facts, kinds) => byTypeAndStatus(facts, kinds, ({ bytesAdded }) => bytesAdded),
  },
  {
    name: 'resguardo_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'When the newest good backup run of a source ended, in seconds since 1970.',
    labels: ['source', 'type'],
    samples: ({ lastGoodRuns }) =>
      lastGoodRuns.map(({ subject, kind = '', finishedAt = '' }) => ({
        labels: { source: subject, type: kind },
        value: Date.parse(finishedAt) / 1000,
      })),
  },
  {
    name: 'resguardo_last_run_ok',
    type: 'gauge',
    help: '1 if the newest backup run of a source left something to restore or is still at work, 0 if it failed or was cancelled.',
    labels: ['source', 'type'],
    samples: ({ lastRuns }) =>
      lastRuns.map(({ subject, kind = '', status }) => ({
        labels: { source: subject, type: kind },
        value: status === 'failed' || status === 'cancelled' ? 0 : 1,
      })),
  },
  {
    name: 'resguardo_running',
    type: 'gauge',
    help: 'Runs under way, by workflow.',
    labels: ['workflow'],
    samples: ({ running }) => {
      const counts = new Map([[backups, 0]]);
      for (const { workflow } of running) counts.set(workflow, (counts.get(workflow) ?? 0) + 1);
      return [...counts].map(([workflow, value]) => ({ labels: { workflow }, value }));
    },
  },
  {
    name: 'resguardo_snapshot_age_seconds',
    type: 'gauge',
    help: 'Age of the newest snapshot of a source that a repository holds, as of its last listing.',
    labels: ['source', 'repository'],
    samples: ({ places, now }) =>
      places.map(({ source, repository, newestAt }) => ({
        labels: { source, repository },
        value: (now.getTime() - Date.parse(newestAt)) / 1000,
      })),
  },
  {
    name: 'resguardo_snapshots',
    type: 'gauge',
    help: 'Snapshots of a source that a repository holds, as of its last listing.',
    labels: ['source', 'repository'],
    samples: ({ places }) =>
      places.map(({ source, repository, snapshots }) => ({
        labels: { source, repository },
        value: snapshots,
      })),
  },
  {
    name: 'resguardo_copies',
    type: 'gauge',
    help: `Repositories that hold a snapshot of the source of the last ${copyHours} hours.`,
    labels: ['source'],
    samples: copies,
  },
  {
    name: 'resguardo_copy_debt_snapshots',
    type: 'gauge',
    help: 'Snapshots of a source that a repository should have a copy of and lacks, as of the last listings.',
    labels: ['source', 'repository'],
    samples: ({ debts }) => debts.map((debt) => ({ labels: placeOf(debt), value: debt.snapshots })),
  },
  {
    name: 'resguardo_copy_debt_bytes',
    type: 'gauge',
    help: 'Bytes of new data in these snapshots, as stored where they are.',
    labels: ['source', 'repository'],
    samples: ({ debts }) => debts.map((debt) => ({ labels: placeOf(debt), value: debt.bytes })),
  },
  {
    name: 'resguardo_copy_debt_breach_timestamp_seconds',
    type: 'gauge',
    help: 'When a copy that is behind breaks its policy, in seconds since 1970; absent without debt.',
    labels: ['source', 'repository'],
    samples: ({ debts }) =>
      debts.flatMap(({ breachAt, ...debt }) =>
        breachAt === undefined ? [] : [{ labels: placeOf(debt), value: Date.parse(breachAt) / 1000 }],
      ),
  },
  {
    name: 'resguardo_repository_size_bytes',
    type: 'gauge',
    help: 'Bytes of all objects of a repository, when it was last measured.',
    labels: ['repository'],
    samples: ({ sizes }) => {
      const newest = new Map(sizes.map(({ repository, storedBytes }) => [repository, storedBytes]));
      return [...newest].map(([repository, value]) => ({ labels: { repository }, value }));
    },
  },
  {
    name: 'resguardo_disk_free_bytes',
    type: 'gauge',
    help: 'Bytes that an ordinary user may still write to the file system of a repository.',
    labels: ['path'],
    samples: ({ disks }) => disks.map(({ path, freeBytes }) => ({ labels: { path }, value: freeBytes })),
  },
  {
    name: 'resguardo_findings',
    type: 'gauge',
    help: 'Sources and repositories by what the last check found of them.',
    labels: ['check_type', 'level'],
    samples: ({ findings }) =>
      [...new Set(findings.map(({ check }) => check))].flatMap((check) =>
        findingLevels.map((level) => ({
          labels: { check_type: check, level },
          value: findings.filter((finding) => finding.check === check && finding.level === level).length,
        })),
      ),
  },
  {
    name: 'resguardo_check_timestamp_seconds',
    type: 'gauge',
    help: 'When a check was last made, in seconds since 1970.',
    labels: ['check_type'],
    samples: ({ findings }) => {
      const newest = new Map<string, number>();
      for (const { check, checkedAt } of findings) {
        newest.set(check, Math.max(newest.get(check) ?? 0, Date.parse(checkedAt) / 1000));
      }
      return [...newest].map(([check, value]) => ({ labels: { check_type: check }, value }));
    },
  },
];

export const metricDefinitions: readonly MetricDefinition[] = [...promised, ...further];

/** Zeros too, for each configured kind: a counter that appears with its first failure hides that failure. */
function byTypeAndStatus(
  { totals }: MetricsFacts,
  kinds: readonly string[],
  figureOf: (total: MetricsFacts['totals'][number]) => number,
): readonly Sample[] {
  const own = totals.filter(({ workflow }) => workflow === backups);
  const types = new Set([...kinds, ...own.map(({ kind }) => kind)]);
  return [...types].flatMap((type) =>
    finishedStatuses.map((status) => {
      const total = own.find((candidate) => candidate.kind === type && candidate.status === status);
      return { labels: { type, status }, value: total ? figureOf(total) : 0 };
    }),
  );
}

function successRates({ recent }: MetricsFacts): readonly Sample[] {
  const finished = recent.filter(({ status }) => status === 'failed' || isGood(status));
  const all = sumByType(finished, ({ runs }) => runs);
  const good = new Map(
    sumByType(
      finished.filter(({ status }) => isGood(status)),
      ({ runs }) => runs,
    ).map(({ labels, value }) => [labels.type, value]),
  );
  return all.map(({ labels, value }) => ({ labels, value: (good.get(labels.type) ?? 0) / value }));
}

function isGood(status: string): boolean {
  return goodStatuses.some((good) => good === status);
}

function sumByType<T extends { readonly kind?: string }>(
  items: readonly T[],
  figureOf: (item: T) => number,
): readonly Sample[] {
  const sums = new Map<string, number>();
  for (const item of items) sums.set(item.kind ?? '', (sums.get(item.kind ?? '') ?? 0) + figureOf(item));
  return [...sums].map(([type, value]) => ({ labels: { type }, value }));
}

function placeOf({ source, repository }: Pick<CopyDebt, 'source' | 'repository'>) {
  return { source, repository };
}

function copies({ places, now }: MetricsFacts): readonly Sample[] {
  const counts = new Map<string, number>();
  for (const { source, newestAt } of places) {
    const isCurrent = now.getTime() - Date.parse(newestAt) <= copyHours * hourMs;
    counts.set(source, (counts.get(source) ?? 0) + (isCurrent ? 1 : 0));
  }
  return [...counts].map(([source, value]) => ({ labels: { source }, value }));
}
