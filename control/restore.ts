import { parseInput, type RestoreInput, restoreInputSchema } from '../contracts/inputs.ts';
import type { RestoreResult } from '../contracts/jobs.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { restoreWorkflowId } from '../contracts/queues.ts';
import type { Control } from './client.ts';
import { type Run, type StartOptions, startRun } from './runs.ts';

/**
 * Starts a restore from a source's snapshots.
 * @throws {Failure} InvalidInput, AlreadyRunning, TemporalUnavailable
 */
export async function startRestore(
  control: Control,
  input: RestoreInput,
  options: StartOptions = {},
): Promise<Run<RestoreResult>> {
  const workflowType = workflowTypes.restore;
  return startRun<RestoreResult>(control, {
    ...options,
    workflowType,
    workflowId: restoreWorkflowId(input.source),
    input: parseInput(workflowType, restoreInputSchema, input),
    summary: `Restore **${input.source}** to ${input.target}`,
  });
}
