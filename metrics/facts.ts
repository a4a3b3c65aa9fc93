import type { Catalog } from '../catalog/catalog.ts';
import type { RunCount, RunTotal } from '../catalog/query-runs.ts';
import type { Run } from '../catalog/run-records.ts';
import type { SnapshotPlace } from '../catalog/snapshots.ts';
import type { KeptFinding, RepositorySize } from '../catalog/state.ts';
import { type CopyDebt, type CopyPlace, copyDebt } from '../policy/copies/debt.ts';
import { snapshotsByPlace } from '../policy/placed-snapshot.ts';
import type { DiskUse } from '../policy/space.ts';

/** All that one scrape shows, read at once. */
export interface MetricsFacts {
  readonly now: Date;
  readonly totals: readonly RunTotal[];
  /** Backups that began in the last seven days. */
  readonly recent: readonly RunCount[];
  readonly lastRuns: readonly Run[];
  readonly lastGoodRuns: readonly Run[];
  readonly running: readonly Run[];
  readonly places: readonly SnapshotPlace[];
  readonly findings: readonly KeptFinding[];
  readonly sizes: readonly RepositorySize[];
  readonly disks: readonly DiskUse[];
  /** One for each copy that is asked for. */
  readonly debts: readonly CopyDebt[];
}

const dayMs = 86_400_000;
/** What the success rate looks back on. */
export const rateDays = 7;
/** A size that was not measured for so long is not shown. */
const sizeDays = 3;
const runningLimit = 10_000;

/** What the facts are about beside what the catalog knows. */
export interface FactsOf {
  readonly disks: () => Promise<readonly DiskUse[]>;
  /** Copies that the configuration asks for. */
  readonly copies: readonly CopyPlace[];
  readonly now: Date;
}

export async function loadFacts(catalog: Catalog, { disks, copies, now }: FactsOf): Promise<MetricsFacts> {
  const ago = (days: number): string => new Date(now.getTime() - days * dayMs).toISOString();
  const [totals, recent, lastRuns, lastGoodRuns, running, places, findings, sizes, used, held] =
    await Promise.all([
      catalog.totals(),
      catalog.runCounts(ago(rateDays)),
      catalog.lastRuns(),
      catalog.lastGoodRuns(),
      catalog.runs({ status: ['running'] }, { limit: runningLimit }),
      catalog.snapshotPlaces(),
      catalog.findings(),
      catalog.repositorySizes(ago(sizeDays)),
      disks(),
      copies.length > 0 ? catalog.snapshots() : [],
    ]);
  const snapshots = snapshotsByPlace(held);
  const debts = copies.map((place) => copyDebt(snapshots, place, now));
  return {
    now,
    totals,
    recent,
    lastRuns,
    lastGoodRuns,
    running,
    places,
    findings,
    sizes,
    disks: used,
    debts,
  };
}
