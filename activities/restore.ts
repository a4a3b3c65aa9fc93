import type { RestorePlan, RestoreRequest, RestoreStepResult } from '../contracts/activities.ts';
import type { RestoreCheck } from '../contracts/jobs.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import { includedInPlace } from '../restore/files/in-place.ts';
import { isAnyThere } from '../restore/files/on-disk.ts';
import type { RestoreJob, Restorer } from '../restore/restorer.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';
import { WarningList } from './warning-list.ts';
import { withRepository } from './with-repository.ts';

/** Finds the snapshot and looks whether the target is free, so that every attempt does the same. */
export async function planRestore(
  dependencies: ActivityDependencies,
  request: RestoreRequest,
  { signal }: Step,
): Promise<RestorePlan> {
  const { source, repository } = request.source;
  return await withRestorer(dependencies, source, async (restorer) => {
    const { inPlace = false } = request;
    const target = inPlace ? '/' : await restorer.checkTarget(request.target, signal);
    return await withRepository(dependencies, repository, async (opened) => {
      const { id, tree, time, paths } = await opened.findSnapshot(request.snapshot, { source });
      const plan = { ...request, target, snapshot: id, tree, snapshotTime: time };
      if (!inPlace) return plan;
      await opened.loadIndex(signal);
      const include = await includedInPlace(opened, { ...request, tree, paths }, signal);
      return { ...plan, include, isThere: await isAnyThere(include) };
    });
  });
}

/** Restores what the plan says. */
export async function restoreSnapshot(
  dependencies: ActivityDependencies,
  plan: RestorePlan,
  step: Step,
): Promise<RestoreStepResult> {
  const warnings = new WarningList();
  const { files, bytes } = await withJob(dependencies, { plan, step, warnings }, (restorer, job) =>
    restorer.restore(job),
  );
  return { files, bytes, warnings: warnings.first };
}

/** Compares what was restored with the snapshot. */
export async function compareRestored(
  dependencies: ActivityDependencies,
  plan: RestorePlan,
  step: Step,
): Promise<readonly RestoreCheck[]> {
  const warnings = new WarningList();
  return await withJob(dependencies, { plan, step, warnings }, (restorer, job) => restorer.compare(job));
}

interface RestoreAttempt {
  readonly plan: RestorePlan;
  readonly step: Step;
  readonly warnings: WarningList;
}

/** Gives the work a restorer, and the repository under a lock. */
async function withJob<T>(
  dependencies: ActivityDependencies,
  { plan, step, warnings }: RestoreAttempt,
  work: (restorer: Restorer, job: RestoreJob) => Promise<T>,
): Promise<T> {
  const { source, repository: name } = plan.source;
  return await withRestorer(dependencies, source, (restorer) =>
    withRepository(dependencies, name, (repository) =>
      withLock(repository, { exclusive: false, signal: step.signal }, async (signal) => {
        await repository.loadIndex(signal);
        return await work(restorer, {
          reader: repository,
          tree: plan.tree,
          target: plan.target,
          include: plan.include,
          inPlace: plan.inPlace ?? false,
          runId: plan.runId,
          attempt: step.attempt,
          signal,
          onProgress: step.report,
          onWarning: warnings.add,
        });
      }),
    ),
  );
}

async function withRestorer<T>(
  { createRestorer }: ActivityDependencies,
  source: string,
  work: (restorer: Restorer) => Promise<T>,
): Promise<T> {
  const restorer = await createRestorer(source);
  try {
    return await work(restorer);
  } finally {
    await restorer.close();
  }
}
