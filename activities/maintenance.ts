import { Context } from '@temporalio/activity';
import type { HostActivities } from '../contracts/activities.ts';
import { workflowTypes } from '../contracts/messages.ts';
import type { Work } from '../maintenance/maintenance.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runStep, type Step } from './step.ts';

type MaintenanceActivities = Pick<
  HostActivities,
  'forgetSnapshots' | 'pruneRepository' | 'sweepRepository' | 'sweepHost'
>;

/** Steps that remove what is kept no longer. */
export function maintenanceActivities(dependencies: ActivityDependencies): MaintenanceActivities {
  const { maintenance } = dependencies;
  return {
    forgetSnapshots: (request) =>
      runStep(dependencies, 'forget', (step) => maintenance.forget(request, workOf(step))),
    pruneRepository: (request) =>
      runStep(dependencies, 'prune', (step) => maintenance.prune(request, workOf(step))),
    sweepRepository: ({ repository }) =>
      runStep(dependencies, 'sweep', (step) => maintenance.sweepRepository(repository, workOf(step))),
    sweepHost: () =>
      runStep(dependencies, 'sweep', async (step) =>
        maintenance.sweepHost(await isRestoring(), workOf(step)),
      ),
  };
}

function workOf({ signal, report }: Step): Work {
  let filesDone = 0;
  const onProgress = (current: string): void => {
    filesDone += 1;
    report({ filesDone, current });
  };
  return { signal, onProgress };
}

/** Whoever started it, and under whatever id. */
async function isRestoring(): Promise<boolean> {
  const { client } = Context.current();
  const query = `WorkflowType = '${workflowTypes.restore}' AND ExecutionStatus = 'Running'`;
  for await (const _ of client.workflow.list({ query, pageSize: 1 })) return true;
  return false;
}
