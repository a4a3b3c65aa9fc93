import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, log } from '@temporalio/workflow';
import type { CopyMore } from '../contracts/inputs.ts';
import { signalNames } from '../contracts/messages.ts';
import { replicateWorkflowId } from '../contracts/queues.ts';
import { startReplication } from './replicate.ts';

/**
 * Has the snapshots of a source copied, without waiting for it: a repository that is away must not keep the next
 * backup back. Trouble is logged alone, because the next run copies what this one would have.
 */
export async function handToCopies(source: string, repositories: readonly string[]): Promise<void> {
  for (const repository of repositories) {
    try {
      await startReplication({ repository, sources: [source] });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) await askForMore(repository, source);
      else log.warn('The copying of a snapshot could not be started', { repository, error });
    }
  }
}

async function askForMore(repository: string, source: string): Promise<void> {
  const wish: CopyMore = { sources: [source] };
  try {
    await getExternalWorkflowHandle(replicateWorkflowId(repository)).signal(signalNames.copyMore, wish);
  } catch (error) {
    log.info('The run that copies has just ended; the next one goes on', { repository, error });
  }
}
