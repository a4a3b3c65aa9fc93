import type { HostActivities } from '../contracts/activities.ts';
import type { Look } from '../inspection/inspector.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import { captureSource } from './capture.ts';
import { checkInRepository } from './check.ts';
import { copyToRepository } from './copy.ts';
import { createDatabaseActivities } from './database-restore.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runHookStep } from './hook.ts';
import { maintenanceActivities } from './maintenance.ts';
import { renewObjectLocks } from './object-locks.ts';
import { compareRestored, planRestore, restoreSnapshot } from './restore.ts';
import { checkSafety } from './safety.ts';
import { runStep, type Step } from './step.ts';
import { thawSnapshot } from './thaw.ts';
import { withRepository } from './with-repository.ts';

/** Activities of a host's queue. */
export function createHostActivities(dependencies: ActivityDependencies): HostActivities {
  return {
    preflight: (source) =>
      runStep(dependencies, 'preflight', async ({ signal }) => {
        const reader = await dependencies.createSource(source.source);
        try {
          const report = await reader.preflight(signal);
          // A wrong key or a missing repository is better known before everything is read.
          await withRepository(dependencies, source.repository, async () => {});
          return report;
        } finally {
          await reader.close();
        }
      }),
    capture: (input) => runStep(dependencies, 'capture', (step) => captureSource(dependencies, input, step)),
    runHook: (request) => runStep(dependencies, 'hook', (step) => runHookStep(dependencies, request, step)),
    limitRun: (request) => runStep(dependencies, 'capture', () => dependencies.limitRun(request)),
    commitSnapshot: ({ repository: name, draft }) =>
      runStep(dependencies, 'commit', ({ signal: stop }) =>
        withRepository(dependencies, name, (repository) =>
          withLock(repository, { exclusive: false, signal: stop }, async (signal) => {
            await repository.loadIndex(signal);
            return { snapshot: await repository.commitSnapshot(draft, signal) };
          }),
        ),
      ),
    check: (input) => runStep(dependencies, 'check', (step) => checkInRepository(dependencies, input, step)),
    renewObjectLocks: (request) =>
      runStep(dependencies, 'lock', (step) => renewObjectLocks(dependencies, request, step)),
    copySnapshots: (route) =>
      runStep(dependencies, 'copy', (step) => copyToRepository(dependencies, route, step)),
    thawSnapshot: (request) =>
      runStep(dependencies, 'preflight', (step) => thawSnapshot(dependencies, request, step)),
    planRestore: (request) =>
      runStep(dependencies, 'preflight', (step) => planRestore(dependencies, request, step)),
    checkSafety: (request) =>
      runStep(dependencies, 'safety', (step) => checkSafety(dependencies, request, step)),
    restoreSnapshot: (plan) =>
      runStep(dependencies, 'restore', (step) => restoreSnapshot(dependencies, plan, step)),
    compareRestored: (plan) =>
      runStep(dependencies, 'compare', (step) => compareRestored(dependencies, plan, step)),
    ...createDatabaseActivities(dependencies),
    monitorSecurity: ({ at }) =>
      runStep(dependencies, 'inspect', (step) => dependencies.inspector.monitorSecurity(lookAt(at, step))),
    checkCompliance: ({ at }) =>
      runStep(dependencies, 'inspect', (step) => dependencies.inspector.checkCompliance(lookAt(at, step))),
    writeReport: ({ at }) =>
      runStep(dependencies, 'report', (step) => dependencies.inspector.writeReport(lookAt(at, step))),
    ...maintenanceActivities(dependencies),
  };
}

function lookAt(at: string, { signal, report }: Step): Look {
  let filesDone = 0;
  const onProgress = (current: string): void => {
    filesDone += 1;
    report({ filesDone, current });
  };
  return { now: new Date(at), signal, onProgress };
}
