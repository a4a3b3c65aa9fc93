/** Task queue of workflows and of activities that need no particular host. */
export const controlQueue = 'resguardo';

/** Task queue of the activities that touch the data of one host. */
export function hostQueue(host: string): string {
  return `resguardo-host-${host.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-')}`;
}

/** Fixed id of the backup of a source: one run at a time for each source. */
export function backupWorkflowId(source: string): string {
  return `backup/${source}`;
}

/** Fixed id of a restore from a source: one run at a time for each source. */
export function restoreWorkflowId(source: string): string {
  return `restore/${source}`;
}

/** Fixed id of the forecast of a restore. */
export function planWorkflowId(source: string): string {
  return `plan/${source}`;
}

/** Fixed id of the backup that a restore takes of what it will replace. */
export function safetyWorkflowId(source: string): string {
  return `safety/${source}`;
}

/** Id of the run that keeps what a restore has replaced; `restore` is the name that `rollback` is given. */
export function replacedWorkflowId(restore: string): string {
  return `replaced/${restore}`;
}

/** Fixed id of the copying into a repository: one run at a time for each, whatever it copies from. */
export function replicateWorkflowId(repository: string): string {
  return `replicate/${repository}`;
}

/** Fixed id of the verification of a repository. */
export function verificationWorkflowId(repository: string): string {
  return `verification/${repository}`;
}

/** Fixed id of the pruning of a repository: one at a time. */
export function pruneWorkflowId(repository: string): string {
  return `prune/${repository}`;
}

/** Fixed id of the sweep that goes before a pruning of every repository. */
export const sweepWorkflowId = 'sweep';
