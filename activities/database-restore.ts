import type { HostActivities } from '../contracts/activities.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import type { DatabaseRestorer, DatabaseWork, SnapshotWork } from '../restore/database-restorer.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { forecast } from './restore-forecast.ts';
import { runStep, type Step } from './step.ts';
import { withRepository } from './with-repository.ts';

type DatabaseActivities = Pick<
  HostActivities,
  | 'planDatabases'
  | 'prepareDatabase'
  | 'loadSection'
  | 'finishDatabase'
  | 'compareDatabase'
  | 'swapDatabases'
  | 'discardDatabases'
  | 'rollBackDatabases'
  | 'dropReplaced'
>;

/** Steps of the saga that restores databases. */
export function createDatabaseActivities(dependencies: ActivityDependencies): DatabaseActivities {
  return {
    planDatabases: (request) =>
      runStep(dependencies, 'preflight', (step) =>
        withRepository(dependencies, request.source.repository, (repository) =>
          withLock(repository, { exclusive: false, signal: step.signal }, async (signal) => {
            const { source } = request.source;
            const { id, tree, time } = await repository.findSnapshot(request.snapshot, { source });
            await repository.loadIndex(signal);
            const plan = await withRestorer(dependencies, request, (restorer) =>
              restorer.plan(
                request,
                { snapshot: id, snapshotTime: time, tree },
                { ...workOf(step), signal, reader: repository, tree },
              ),
            );
            return { ...plan, forecast: await forecast(dependencies, repository, { plan, signal }) };
          }),
        ),
      ),
    prepareDatabase: ({ database, plan }) =>
      runStep(dependencies, 'restore', (step) =>
        withSnapshot(dependencies, { plan, step }, (restorer, work) =>
          restorer.prepare(database, plan, work),
        ),
      ),
    loadSection: ({ database, section, plan }) =>
      runStep(dependencies, 'restore', (step) =>
        withSnapshot(dependencies, { plan, step }, (restorer, work) =>
          restorer.load({ database, section }, plan, work),
        ),
      ),
    finishDatabase: ({ database, plan }) =>
      runStep(dependencies, 'restore', (step) =>
        withSnapshot(dependencies, { plan, step }, (restorer, work) => restorer.finish(database, plan, work)),
      ),
    compareDatabase: ({ database, plan }) =>
      runStep(dependencies, 'compare', (step) =>
        withSnapshot(dependencies, { plan, step }, (restorer, work) =>
          restorer.compare(database, plan, work),
        ),
      ),
    swapDatabases: (plan) =>
      runStep(dependencies, 'swap', (step) =>
        withRestorer(dependencies, plan, (restorer) => restorer.swap(plan, workOf(step))),
      ),
    discardDatabases: (plan) =>
      runStep(dependencies, 'discard', (step) =>
        withRestorer(dependencies, plan, (restorer) => restorer.discard(plan, workOf(step))),
      ),
    rollBackDatabases: (plan) =>
      runStep(dependencies, 'swap', (step) =>
        withRestorer(dependencies, plan, (restorer) => restorer.rollBack(plan, workOf(step))),
      ),
    dropReplaced: (plan) =>
      runStep(dependencies, 'discard', (step) =>
        withRestorer(dependencies, plan, (restorer) => restorer.dropReplaced(plan, workOf(step))),
      ),
  };
}

function workOf({ signal, report }: Step): DatabaseWork {
  return { signal, onProgress: report };
}

type Plan = Parameters<HostActivities['swapDatabases']>[0];

/** Gives the work a restorer, and the snapshot of the plan under a lock. */
async function withSnapshot<T>(
  dependencies: ActivityDependencies,
  { plan, step }: { readonly plan: Plan; readonly step: Step },
  work: (restorer: DatabaseRestorer, snapshot: SnapshotWork) => Promise<T>,
): Promise<T> {
  return await withRestorer(dependencies, plan, (restorer) =>
    withRepository(dependencies, plan.source.repository, (repository) =>
      withLock(repository, { exclusive: false, signal: step.signal }, async (signal) => {
        await repository.loadIndex(signal);
        return await work(restorer, { ...workOf(step), signal, reader: repository, tree: plan.tree });
      }),
    ),
  );
}

async function withRestorer<T>(
  { createDatabaseRestorer }: ActivityDependencies,
  { source, to }: Pick<Plan, 'source' | 'to'>,
  work: (restorer: DatabaseRestorer) => Promise<T>,
): Promise<T> {
  const restorer = await createDatabaseRestorer({ source: source.source, to: to.source });
  try {
    return await work(restorer);
  } finally {
    await restorer.close();
  }
}
