import { Context } from '@temporalio/activity';
import type { ControlActivities } from '../contracts/activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runLookUp } from './step.ts';

/** Activities of the queue `resguardo`. */
export function createControlActivities(dependencies: ActivityDependencies): ControlActivities {
  const { names, status, logger, history } = dependencies;
  return {
    resolveSource: (source, repository) =>
      runLookUp(dependencies, () => names.resolveSource(source, repository)),
    resolveRepository: (repository) => runLookUp(dependencies, () => names.resolveRepository(repository)),
    resolveHost: () => runLookUp(dependencies, () => names.resolveHost()),
    listSources: (request) => runLookUp(dependencies, () => names.listSources(request)),
    listRepositories: () => runLookUp(dependencies, () => names.listRepositories()),
    listPrunedRepositories: () => runLookUp(dependencies, () => names.listPrunedRepositories()),
    listHosts: () => runLookUp(dependencies, () => names.listHosts()),
    listLockedRepositories: () => runLookUp(dependencies, () => names.listLockedRepositories()),
    listCopyTargets: (request) => runLookUp(dependencies, () => names.listCopyTargets(request)),
    listArchives: () => runLookUp(dependencies, () => names.listArchives()),
    listCopyRoutes: (request) => runLookUp(dependencies, () => names.listCopyRoutes(request)),
    describeCopyDebt: (routes) => runLookUp(dependencies, () => history.copyDebt(routes)),
    recordStart: (run) => runLookUp(dependencies, () => history.recordStart(run)),
    notify: (report) =>
      runLookUp(dependencies, async () => {
        await history.recordEnd(report);
        await status.record(report);
        const level = report.status === 'failed' ? 'error' : report.status === 'partial' ? 'warn' : 'info';
        logger[level]({ ...report }, `${report.workflow} of ${report.subject}: ${report.status}`);
        await dependencies.tell(report, Context.current().cancellationSignal);
      }),
  };
}
