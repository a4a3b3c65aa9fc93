import type { Finding } from '../contracts/findings.ts';
import type { CatalogDatabase } from './database.ts';
import type { PostgresCatalogOptions } from './postgres.ts';
import {
  allTotals,
  countRuns,
  findRun,
  findRuns,
  newestGoodRun,
  newestRuns,
  type RunCount,
  type RunFilter,
  type RunPage,
  type RunTotal,
} from './query-runs.ts';
import { pruneRuns, recordFinish, recordStart } from './record-runs.ts';
import { type Run, type RunFinish, type RunStart, utc } from './run-records.ts';
import type { CatalogSnapshot } from './snapshot-records.ts';
import {
  findSnapshots,
  type SnapshotChanges,
  type SnapshotFilter,
  type SnapshotListing,
  type SnapshotPlace,
  snapshotPlaces,
  syncSnapshots,
} from './snapshots.ts';
import { openSqliteDatabase, type SqliteCatalogOptions } from './sqlite.ts';
import {
  allFindings,
  allNotifications,
  type FindingChange,
  findSizes,
  type KeptFinding,
  type NotificationState,
  notificationOf,
  type RepositorySize,
  recordSize,
  replaceFindings,
  replaceNotification,
} from './state.ts';

export type CatalogOptions = SqliteCatalogOptions | PostgresCatalogOptions;

const backups = 'backupSource';

/**
 * Run history and what belongs to it: what reports, metrics, alerts and `status` are made of. Nothing here is
 * needed for a backup or a restore, so a failure of the catalog must fail neither.
 *
 * @throws {Failure} CatalogUnavailable, CatalogUnwritable, CatalogDamaged, CatalogUnsupported, StorageFull;
 *   each method throws them too
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  if (options.kind === 'sqlite') return new Catalog(await openSqliteDatabase(options));
  // Loaded where it is used: most commands are to answer at once, and need no client of PostgreSQL.
  const { openPostgresDatabase } = await import('./postgres.ts');
  return new Catalog(await openPostgresDatabase(options));
}

export class Catalog {
  /** For what lives in the same database: the audit log. */
  readonly database: CatalogDatabase;

  constructor(database: CatalogDatabase) {
    this.database = database;
  }

  /** Path, or host and database, for people. */
  get place(): string {
    return this.database.place;
  }

  /** Notes that a run began; may be repeated, and may come after its end. */
  recordRunStarted(run: RunStart): Promise<void> {
    return this.database.write(`record the start of ${run.workflowId}`, (transaction) =>
      recordStart(transaction, run),
    );
  }

  /** Notes how a run ended; may be repeated, and needs no beginning. */
  recordRunFinished(run: RunFinish): Promise<void> {
    return this.database.write(`record the end of ${run.workflowId}`, (transaction) =>
      recordFinish(transaction, run),
    );
  }

  /** The newest run of each source or, for another workflow, of each subject. */
  lastRuns(workflow: string = backups): Promise<readonly Run[]> {
    return this.database.read('read the last runs', (database) =>
      newestRuns(database, { workflow, onlyGood: false }),
    );
  }

  /** The newest good run of each source. */
  lastGoodRuns(workflow: string = backups): Promise<readonly Run[]> {
    return this.database.read('read the last good runs', (database) =>
      newestRuns(database, { workflow, onlyGood: true }),
    );
  }

  /** The newest good run of one source. */
  lastGood(subject: string, workflow: string = backups): Promise<Run | undefined> {
    return this.database.read(`read the last good run of ${subject}`, (database) =>
      newestGoodRun(database, { workflow, subject }),
    );
  }

  /** Runs that began in [from, to), oldest first, all of them. */
  async runsBetween(
    from: string,
    to: string,
    filter: Omit<RunFilter, 'from' | 'to'> = {},
  ): Promise<readonly Run[]> {
    const runs: Run[] = [];
    for (;;) {
      const after = runs.at(-1);
      const page = await this.runs({ ...filter, from, to }, after ? { after } : {});
      runs.push(...page);
      if (page.length === 0) return runs;
    }
  }

  /** A page of runs. */
  runs(filter: RunFilter, page: RunPage = {}): Promise<readonly Run[]> {
    return this.database.read('read the runs', (database) => findRuns(database, filter, page));
  }

  /** One run, by its ids. */
  run(ids: Pick<Run, 'workflowId' | 'runId'>): Promise<Run | undefined> {
    return this.database.read(`read a run of ${ids.workflowId}`, (database) => findRun(database, ids));
  }

  /** Finished runs ever, by workflow, kind and status. */
  totals(): Promise<readonly RunTotal[]> {
    return this.database.read('read the totals', allTotals);
  }

  /** Runs that began since a time, by kind and status. */
  runCounts(since: string, workflow: string = backups): Promise<readonly RunCount[]> {
    return this.database.read('count the runs', (database) => countRuns(database, { workflow, since }));
  }

  /** Removes finished runs that began before a time; the newest good one of each subject and later ones stay. */
  pruneRuns(before: string): Promise<number> {
    return this.database.write('remove old runs', (transaction) =>
      pruneRuns(transaction, utc(before, 'before')),
    );
  }

  /** Makes the catalog's snapshots of a repository those that it lists. */
  syncSnapshots(
    repository: string,
    snapshots: SnapshotListing,
    now: Date = new Date(),
  ): Promise<SnapshotChanges> {
    return syncSnapshots(this.database, { repository, snapshots }, { withRuns: false, now });
  }

  /** As `syncSnapshots`; and the runs that made them, where they are not known, become history again. */
  rebuildFromSnapshots(
    repository: string,
    snapshots: SnapshotListing,
    now: Date = new Date(),
  ): Promise<SnapshotChanges> {
    return syncSnapshots(this.database, { repository, snapshots }, { withRuns: true, now });
  }

  /** Whether the catalog is new, or took the place of a damaged one, and was not rebuilt since. */
  async needsRebuild(): Promise<boolean> {
    const row = await this.database.read('read the state of the catalog', (database) =>
      database.selectFrom('meta').select('value').where('name', '=', 'rebuiltAt').executeTakeFirst(),
    );
    return row === undefined;
  }

  /** Notes that all repositories have been read into it. */
  async markRebuilt(now: Date = new Date()): Promise<void> {
    const row = { name: 'rebuiltAt', value: now.toISOString() };
    await this.database.write('record that the catalog was rebuilt', (transaction) =>
      transaction
        .insertInto('meta')
        .values(row)
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute(),
    );
  }

  /** Snapshots as the last listing of each repository had them, oldest first. */
  snapshots(filter: SnapshotFilter = {}): Promise<readonly CatalogSnapshot[]> {
    return this.database.read('read the snapshots', (database) => findSnapshots(database, filter));
  }

  /** Where each source has snapshots, and how new. */
  snapshotPlaces(): Promise<readonly SnapshotPlace[]> {
    return this.database.read('read the snapshots', snapshotPlaces);
  }

  notification(subject: string): Promise<NotificationState | undefined> {
    return this.database.read('read what was told', (database) => notificationOf(database, subject));
  }

  notifications(): Promise<readonly NotificationState[]> {
    return this.database.read('read what was told', allNotifications);
  }

  /**
   * Changes what people were told, if it is still what `expected` says.
   * @returns false when another process came first; it does the telling
   */
  replaceNotification(next: NotificationState, expected: NotificationState | undefined): Promise<boolean> {
    return this.database.write('record what was told', (transaction) =>
      replaceNotification(transaction, next, expected),
    );
  }

  /** Puts findings in the place of the earlier ones of these checks; returns those whose level changed. */
  replaceFindings(
    checks: readonly string[],
    findings: readonly Finding[],
    now: Date = new Date(),
  ): Promise<readonly FindingChange[]> {
    return this.database.write('record what was found', (transaction) =>
      replaceFindings(transaction, checks, { findings, checkedAt: now.toISOString() }),
    );
  }

  /** What the checks found last, the worst first. */
  findings(): Promise<readonly KeptFinding[]> {
    return this.database.read('read what was found', allFindings);
  }

  recordRepositorySize(size: RepositorySize): Promise<void> {
    return this.database.write(`record the size of ${size.repository}`, (transaction) =>
      recordSize(transaction, { ...size, measuredAt: utc(size.measuredAt, 'measuredAt') }),
    );
  }

  /** Measured sizes since a time, oldest first. */
  repositorySizes(from: string): Promise<readonly RepositorySize[]> {
    return this.database.read('read the sizes', (database) => findSizes(database, utc(from, 'from')));
  }

  close(): Promise<void> {
    return this.database.close();
  }
}
