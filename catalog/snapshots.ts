import type { CatalogDatabase, CatalogKysely, CatalogTransaction } from './database.ts';
import { recordFinishIfUnknown } from './record-runs.ts';
import {
  type CatalogSnapshot,
  runOfSnapshot,
  type StoredSnapshot,
  snapshotOf,
  snapshotRow,
} from './snapshot-records.ts';

export interface SnapshotFilter {
  readonly repository?: string;
  readonly source?: string;
  /** Taken at or after this time, ISO in UTC. */
  readonly from?: string;
}

/** What listing a repository changed in the catalog. */
export interface SnapshotChanges {
  /** Snapshots of the repository. */
  readonly total: number;
  readonly added: number;
  /** Snapshots that are no longer in the repository: forgotten, or taken away. At most 1000 ids. */
  readonly removed: readonly string[];
  /** Runs that the catalog did not know. */
  readonly runsAdded: number;
}

/** Where a source has snapshots. */
export interface SnapshotPlace {
  readonly source: string;
  readonly repository: string;
  readonly snapshots: number;
  /** Time of the newest, ISO in UTC. */
  readonly newestAt: string;
}

export interface SyncOptions {
  readonly withRuns: boolean;
  readonly now: Date;
}

/** The snapshots that a repository lists: at hand, or as they are read. */
export type SnapshotListing = Iterable<StoredSnapshot> | AsyncIterable<StoredSnapshot>;

/** A transaction for each so many: short enough for others to come between. */
const atOnce = 200;
const namedRemovals = 1000;
const maxBindings = 16;

/**
 * Makes the catalog's snapshots of a repository those that the repository lists. Several processes may do so
 * at once: each removes only what no listing that began later has seen.
 */
export async function syncSnapshots(
  database: CatalogDatabase,
  listing: { readonly repository: string; readonly snapshots: SnapshotListing },
  { withRuns, now }: SyncOptions,
): Promise<SnapshotChanges> {
  const { repository, snapshots } = listing;
  const seenAt = now.toISOString();
  const counts = { total: 0, added: 0, runsAdded: 0 };
  for await (const batch of inBatches(snapshots, atOnce)) {
    const known = await database.write(`record the snapshots of ${repository}`, async (transaction) => {
      const added = await upsert(
        transaction,
        batch.map((snapshot) => snapshotRow(repository, snapshot, seenAt)),
      );
      const runsAdded = withRuns ? await recordRuns(transaction, repository, batch) : 0;
      return { added, runsAdded };
    });
    counts.total += batch.length;
    counts.added += known.added;
    counts.runsAdded += known.runsAdded;
  }
  const removed = await database.write(`record the snapshots of ${repository}`, (transaction) =>
    transaction
      .deleteFrom('snapshots')
      .where('repository', '=', repository)
      .where('seenAt', '<', seenAt)
      .returning('id')
      .execute(),
  );
  return { ...counts, removed: removed.slice(0, namedRemovals).map(({ id }) => id) };
}

/** Oldest first. */
export async function findSnapshots(
  database: CatalogKysely,
  { repository, source, from }: SnapshotFilter,
): Promise<readonly CatalogSnapshot[]> {
  let query = database.selectFrom('snapshots').selectAll();
  if (repository !== undefined) query = query.where('repository', '=', repository);
  if (source !== undefined) query = query.where('source', '=', source);
  if (from !== undefined) query = query.where('takenAt', '>=', from);
  const rows = await query.orderBy('takenAt').orderBy('id').execute();
  return rows.map(snapshotOf);
}

export async function snapshotPlaces(database: CatalogKysely): Promise<readonly SnapshotPlace[]> {
  const rows = await database
    .selectFrom('snapshots')
    .where('source', 'is not', null)
    .groupBy(['source', 'repository'])
    .orderBy('source')
    .orderBy('repository')
    .select(({ fn }) => [
      'source',
      'repository',
      fn.countAll<number>().as('snapshots'),
      fn.max('takenAt').as('newestAt'),
    ])
    .execute();
  return rows.map((row) => ({ ...row, source: row.source ?? '' }));
}

/** The same snapshot is a row once, however often it is listed. Returns how many were new. */
async function upsert(
  transaction: CatalogTransaction,
  rows: readonly ReturnType<typeof snapshotRow>[],
): Promise<number> {
  let added = 0;
  for (let start = 0; start < rows.length; start += maxBindings) {
    const part = rows.slice(start, start + maxBindings);
    const { numInsertedOrUpdatedRows = 0n } = await transaction
      .insertInto('snapshots')
      .values(part)
      .onConflict((conflict) => conflict.columns(['repository', 'id']).doNothing())
      .executeTakeFirst();
    added += Number(numInsertedOrUpdatedRows);
    const [first] = part;
    if (first === undefined) continue;
    await transaction
      .updateTable('snapshots')
      .set({ seenAt: first.seenAt })
      .where('repository', '=', first.repository)
      .where(
        'id',
        'in',
        part.map(({ id }) => id),
      )
      .where('seenAt', '<', first.seenAt)
      .execute();
  }
  return added;
}

async function recordRuns(
  transaction: CatalogTransaction,
  repository: string,
  snapshots: readonly StoredSnapshot[],
): Promise<number> {
  let added = 0;
  for (const snapshot of snapshots) {
    const run = runOfSnapshot(repository, snapshot);
    if (run && (await recordFinishIfUnknown(transaction, run))) added += 1;
  }
  return added;
}

async function* inBatches<T>(
  items: Iterable<T> | AsyncIterable<T>,
  size: number,
): AsyncIterable<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
