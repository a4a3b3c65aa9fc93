import type { RunHistory } from '../activities/index.ts';
import type { AuditEvent } from '../audit/entry.ts';
import { AuditLog } from '../audit/log.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { CopyDebtReport, CopyRoute, RunBeginning, RunReport } from '../contracts/activities.ts';
import type { Logger } from '../logging/logger.ts';
import { type CopyDebt, copyDebt, describeCopyDebt } from '../policy/copies/debt.ts';
import { snapshotsByPlace } from '../policy/placed-snapshot.ts';

/** Looked through for an entry that an attempt before has made already. */
const recentEntries = 100;

/** A history that cannot be written soon is not worth that a backup waits for it. */
const patienceMs = 20_000;

/** Older ones tell of another size, or of other machines. */
const keptRestores = 5;

/** Enters runs into the catalog and the audit log. Trouble with either is logged, and stops nothing. */
export function createHistory(catalog: () => Promise<Catalog>, logger: Logger): RunHistory {
  const attempt = async (work: (opened: Catalog) => Promise<void>): Promise<void> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error('the catalog did not answer in time')), patienceMs);
    const working = catalog().then(work);
    try {
      await Promise.race([working, late]);
    } catch (error) {
      logger.warn({ err: error }, 'A run could not be entered into the history');
    } finally {
      clearTimeout(timer);
      working.catch(() => undefined);
    }
  };
  return {
    recordStart: (run) =>
      attempt(async (opened) => {
        await opened.recordRunStarted(run);
        if (touchesData(run)) await audit(opened, run, { outcome: 'started' });
      }),
    recordEnd: (report) =>
      attempt(async (opened) => {
        await opened.recordRunFinished(finishOf(report));
        await audit(opened, report, endOf(report));
      }),
    restores: async (source, repository) => {
      let found: readonly { readonly bytes: number; readonly seconds: number }[] = [];
      await attempt(async (opened) => {
        const filter = { workflow: 'restore', subject: source, status: ['done', 'partial'] } as const;
        const runs = await opened.runs(filter, { newestFirst: true, limit: keptRestores });
        const fromThere = runs.filter((run) => run.repository === repository);
        found = fromThere.map(({ startedAt, finishedAt = startedAt, bytesProcessed: bytes = 0 }) => ({
          bytes,
          seconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
        }));
      });
      return found;
    },
    recordSnapshots: (repository, snapshots) =>
      attempt(async (opened) => {
        await opened.syncSnapshots(repository, snapshots);
      }),
    copyDebt: async (routes) => {
      if (routes.every(({ newestOnly }) => newestOnly === true)) return archiveDebt;
      let debts: readonly CopyDebt[] | undefined;
      await attempt(async (opened) => {
        debts = await owed(opened, routes);
      });
      return describeDebts(debts);
    },
  };
}

/** An archive owes nothing from one month to the next. */
const archiveDebt: CopyDebtReport = {
  snapshots: 0,
  bytes: 0,
  description: 'An archive: it gets the newest snapshot of each source.',
};

async function owed(opened: Catalog, routes: readonly CopyRoute[]): Promise<readonly CopyDebt[]> {
  const places = snapshotsByPlace(await opened.snapshots());
  return routes.flatMap(({ from, to, sources }) =>
    sources.map((source) => copyDebt(places, { source, repository: from, copyIn: to }, new Date())),
  );
}

function describeDebts(debts: readonly CopyDebt[] | undefined): CopyDebtReport {
  if (debts === undefined) return { snapshots: 0, bytes: 0, description: 'What is behind is not known.' };
  const behind = debts.filter((debt) => debt.snapshots > 0);
  return {
    snapshots: behind.reduce((sum, debt) => sum + debt.snapshots, 0),
    bytes: behind.reduce((sum, debt) => sum + debt.bytes, 0),
    description: behind.map((debt) => describeCopyDebt(debt, new Date())).join(' '),
  };
}

function finishOf(report: RunReport): Parameters<Catalog['recordRunFinished']>[0] {
  const { bytesAdded, bytesNew, message, advice, failure, status, isToldElsewhere: _, ...run } = report;
  return {
    ...run,
    status,
    ...(bytesNew === undefined ? {} : { bytesAdded: bytesNew }),
    ...(bytesAdded === undefined ? {} : { bytesStored: bytesAdded }),
    ...(message === undefined || (status !== 'failed' && status !== 'cancelled')
      ? {}
      : {
          failure: {
            message,
            ...(failure === undefined ? {} : { type: failure }),
            ...(advice === undefined ? {} : { advice }),
          },
        }),
  };
}

/** The end alone is enough of runs that only look. */
function touchesData({ workflow }: RunBeginning): boolean {
  return ['backupSource', 'restore', 'replicate', 'prune'].includes(workflow);
}

type End = Pick<AuditEvent, 'outcome' | 'detail'>;

function endOf({ status, failure, snapshot }: RunReport): End {
  return {
    outcome: status === 'done' || status === 'partial' ? 'done' : 'failed',
    detail: {
      status,
      ...(failure === undefined ? {} : { failure }),
      ...(snapshot === undefined ? {} : { snapshot }),
    },
  };
}

/** Adds an entry, unless an attempt before has done so. */
async function audit({ database }: Catalog, run: RunBeginning, { outcome, detail = {} }: End): Promise<void> {
  const { workflow, workflowId, runId, subject, schedule } = run;
  const log = new AuditLog(database);
  const action = `${workflow}.run`;
  const earlier = await log.entries({ action, subject, limit: recentEntries });
  if (earlier.some((entry) => entry.detail.run === runId && entry.outcome === outcome)) return;
  await log.append({
    origin: schedule === undefined ? 'temporal' : 'schedule',
    actor: schedule ?? 'whoever started the workflow',
    action,
    subject,
    outcome,
    detail: { ...detail, run: runId, workflow: workflowId },
  });
}
