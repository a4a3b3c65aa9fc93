import type { CatalogTransaction } from './database.ts';
import { finishRow, goodStatuses, type RunFinish, type RunStart, startRow } from './run-records.ts';
import type { RunRow } from './tables.ts';

const withoutReport = {
  failureMessage: 'The run ended without a report: it was terminated, or reset.',
  failureAdvice: 'Look at the run in the Temporal Web UI.',
} as const;

type FinishedRow = RunRow & { readonly finishedAt: string };

/**
 * Notes that a run began; a second time, or after its end, changes nothing. One workflow id has one run at a
 * time, so an earlier one that still seems to run has ended unseen.
 */
export async function recordStart(transaction: CatalogTransaction, run: RunStart): Promise<void> {
  const row = startRow(run);
  if (!(await insertNew(transaction, row))) return;
  const ended = await transaction
    .updateTable('runs')
    .set({ status: 'failed', finishedAt: row.startedAt, ...withoutReport })
    .where('workflowId', '=', row.workflowId)
    .where('runId', '!=', row.runId)
    .where('status', '=', 'running')
    .where('startedAt', '<', row.startedAt)
    .returningAll()
    .execute();
  for (const other of ended) await addToTotals(transaction, { ...other, finishedAt: row.startedAt });
}

/**
 * Notes how a run ended; the same again changes nothing and counts nothing. Another end of the same run
 * replaces the first: what it says itself counts for more than what was concluded from its silence.
 */
export async function recordFinish(transaction: CatalogTransaction, run: RunFinish): Promise<void> {
  const row = finishRow(run);
  const { workflowId, runId, ...values } = row;
  if (!(await insertNew(transaction, row))) {
    const { numUpdatedRows } = await transaction
      .updateTable('runs')
      .set(values)
      .where('workflowId', '=', workflowId)
      .where('runId', '=', runId)
      .where('status', '!=', row.status)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
  }
  await addToTotals(transaction, row);
}

/** As `recordFinish`, but what is known of the run already stays. */
export async function recordFinishIfUnknown(
  transaction: CatalogTransaction,
  run: RunFinish,
): Promise<boolean> {
  const row = finishRow(run);
  if (!(await insertNew(transaction, row))) return false;
  await addToTotals(transaction, row);
  return true;
}

/**
 * Removes finished runs that began before a time, except the newest of each subject and its newest good one.
 * Totals stay. Returns how many went.
 */
export async function pruneRuns(transaction: CatalogTransaction, before: string): Promise<number> {
  const { numDeletedRows } = await transaction
    .deleteFrom('runs')
    .where('startedAt', '<', before)
    .where('status', '!=', 'running')
    .where((where) =>
      where.exists(
        where
          .selectFrom('runs as newer')
          .whereRef('newer.workflow', '=', 'runs.workflow')
          .whereRef('newer.subject', '=', 'runs.subject')
          .whereRef('newer.startedAt', '>', 'runs.startedAt')
          .where('newer.status', 'in', goodStatuses)
          .select('newer.runId'),
      ),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** False when the run is there already. */
async function insertNew(transaction: CatalogTransaction, row: RunRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('runs')
    .values(row)
    .onConflict((conflict) => conflict.columns(['workflowId', 'runId']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

async function addToTotals(transaction: CatalogTransaction, row: FinishedRow): Promise<void> {
  const seconds = Math.max(0, Date.parse(row.finishedAt) - Date.parse(row.startedAt)) / 1000;
  await transaction
    .insertInto('runTotals')
    .values({
      workflow: row.workflow,
      kind: row.kind ?? '',
      status: row.status,
      runs: 1,
      seconds,
      bytesAdded: row.bytesAdded ?? 0,
      lastFinishedAt: row.finishedAt,
      lastSeconds: seconds,
    })
    .onConflict((conflict) =>
      conflict.columns(['workflow', 'kind', 'status']).doUpdateSet((set) => ({
        runs: set('runTotals.runs', '+', 1),
        seconds: set('runTotals.seconds', '+', seconds),
        bytesAdded: set('runTotals.bytesAdded', '+', row.bytesAdded ?? 0),
        // A run that was recorded late is not the last.
        lastSeconds: set
          .case()
          .when('runTotals.lastFinishedAt', '>', row.finishedAt)
          .then(set.ref('runTotals.lastSeconds'))
          .else(seconds)
          .end(),
        lastFinishedAt: set
          .case()
          .when('runTotals.lastFinishedAt', '>', row.finishedAt)
          .then(set.ref('runTotals.lastFinishedAt'))
          .else(row.finishedAt)
          .end(),
      })),
    )
    .execute();
}
