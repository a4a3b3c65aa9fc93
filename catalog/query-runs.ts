import { type SqlBool, sql } from 'kysely';
import type { RunStatus } from '../contracts/search-attributes.ts';
import type { CatalogKysely } from './database.ts';
import { goodStatuses, type Run, runOf, utc } from './run-records.ts';
import type { RunRow } from './tables.ts';

/** Which runs; what is left out does not limit. */
export interface RunFilter {
  readonly workflow?: string;
  readonly subject?: string;
  readonly status?: readonly RunStatus[];
  /** Began at or after this time. */
  readonly from?: string;
  /** Began before this time. */
  readonly to?: string;
}

export interface RunPage {
  /** Newest first; absent for oldest first. */
  readonly newestFirst?: boolean;
  /** At most so many; default 1000. */
  readonly limit?: number;
  /** The last run of the page before. */
  readonly after?: Pick<Run, 'startedAt' | 'workflowId' | 'runId'>;
}

/** Finished runs ever counted, by workflow, kind and status; pruning does not lower them. */
export interface RunTotal {
  readonly workflow: string;
  /** Empty for workflows that are of no kind. */
  readonly kind: string;
  readonly status: string;
  readonly runs: number;
  /** Sum of the durations. */
  readonly seconds: number;
  readonly bytesAdded: number;
  readonly lastFinishedAt: string;
  /** Duration of the run that finished last. */
  readonly lastSeconds: number;
}

export interface RunCount {
  readonly kind: string;
  readonly status: string;
  readonly runs: number;
}

const defaultLimit = 1000;

export async function findRuns(
  database: CatalogKysely,
  filter: RunFilter,
  page: RunPage,
): Promise<readonly Run[]> {
  const direction = page.newestFirst ? 'desc' : 'asc';
  let query = database.selectFrom('runs').selectAll();
  if (filter.workflow !== undefined) query = query.where('workflow', '=', filter.workflow);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  if (filter.status !== undefined) query = query.where('status', 'in', filter.status);
  if (filter.from !== undefined) query = query.where('startedAt', '>=', utc(filter.from, 'from'));
  if (filter.to !== undefined) query = query.where('startedAt', '<', utc(filter.to, 'to'));
  if (page.after) {
    const { startedAt, workflowId, runId } = page.after;
    const comparison = sql.raw(page.newestFirst ? '<' : '>');
    query = query.where(
      sql<SqlBool>`(started_at, workflow_id, run_id) ${comparison} (${startedAt}, ${workflowId}, ${runId})`,
    );
  }
  const rows = await query
    .orderBy('startedAt', direction)
    .orderBy('workflowId', direction)
    .orderBy('runId', direction)
    .limit(page.limit ?? defaultLimit)
    .execute();
  return rows.map(runOf);
}

export async function findRun(
  database: CatalogKysely,
  { workflowId, runId }: Pick<Run, 'workflowId' | 'runId'>,
): Promise<Run | undefined> {
  const row = await database
    .selectFrom('runs')
    .selectAll()
    .where('workflowId', '=', workflowId)
    .where('runId', '=', runId)
    .executeTakeFirst();
  return row && runOf(row);
}

/**
 * The newest run of each subject, or the newest good one. Steps from one subject to the next in the index, so
 * that the length of the history does not matter.
 */
export async function newestRuns(
  database: CatalogKysely,
  { workflow, onlyGood }: { readonly workflow: string; readonly onlyGood: boolean },
): Promise<readonly Run[]> {
  const status = onlyGood ? sql`and status in (${sql.join(goodStatuses)})` : sql``;
  const { rows } = await sql<RunRow>`
    with recursive subjects(name) as (
      select min(subject) from runs where workflow = ${workflow}
      union all
      select (select min(subject) from runs where workflow = ${workflow} and subject > subjects.name)
      from subjects where subjects.name is not null
    )
    select runs.* from subjects cross join runs
    where runs.workflow = ${workflow} and runs.subject = subjects.name and runs.started_at = (
      select started_at from runs where workflow = ${workflow} and subject = subjects.name ${status}
      order by started_at desc limit 1
    ) ${status}`.execute(database);
  // A cross join keeps SQLite from looping over the runs instead of the subjects; so does not sorting there.
  const bySubject = new Map(rows.map((row) => [row.subject, runOf(row)]));
  return [...bySubject.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

export async function newestGoodRun(
  database: CatalogKysely,
  { workflow, subject }: { readonly workflow: string; readonly subject: string },
): Promise<Run | undefined> {
  const row = await database
    .selectFrom('runs')
    .selectAll()
    .where('workflow', '=', workflow)
    .where('subject', '=', subject)
    .where('status', 'in', goodStatuses)
    .orderBy('startedAt', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && runOf(row);
}

export async function allTotals(database: CatalogKysely): Promise<readonly RunTotal[]> {
  return database
    .selectFrom('runTotals')
    .selectAll()
    .orderBy('workflow')
    .orderBy('kind')
    .orderBy('status')
    .execute();
}

/** Runs that began since a time, by kind and status. */
export async function countRuns(
  database: CatalogKysely,
  { workflow, since }: { readonly workflow: string; readonly since: string },
): Promise<readonly RunCount[]> {
  const rows = await database
    .selectFrom('runs')
    .where('workflow', '=', workflow)
    .where('startedAt', '>=', utc(since, 'since'))
    .groupBy(['kind', 'status'])
    .select(({ fn }) => ['kind', 'status', fn.countAll<number>().as('runs')])
    .execute();
  return rows.map(({ kind, status, runs }) => ({ kind: kind ?? '', status, runs }));
}
