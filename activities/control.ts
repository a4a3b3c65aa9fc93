import { Context } from '@temporalio/activity';
import type { ControlActivities } from '../contracts/activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runLookUp } from './step.ts';

/** Activities of the queue `resguardo`. */
export function createControlActivities(dependencies: ActivityDependencies): ControlActivities {
  const { names, status, logger } = dependencies;
  return {
    resolveSource: (source) => runLookUp(dependencies, () => names.resolveSource(source)),
    resolveRepository: (repository) => runLookUp(dependencies, () => names.resolveRepository(repository)),
    notify: (report) =>
      runLookUp(dependencies, async () => {
        await status.record(report);
        const level = report.status === 'failed' ? 'error' : report.status === 'partial' ? 'warn' : 'info';
        logger[level]({ ...report }, `${report.workflow} of ${report.subject}: ${report.status}`);
        await dependencies.tell(report, Context.current().cancellationSignal);
      }),
  };
}
