import { type CopyMore, parseInput, type ReplicateInput, replicateInputSchema } from '../contracts/inputs.ts';
import type { ReplicationResult } from '../contracts/jobs.ts';
import { signalNames, workflowTypes } from '../contracts/messages.ts';
import { replicateWorkflowId } from '../contracts/queues.ts';
import type { Control } from './client.ts';
import { translateFailure } from './failures.ts';
import { type Run, startRun } from './runs.ts';

/**
 * Starts the copying into a repository. A run that is under way, and may be waiting for a repository that was
 * away, is told to look once more, and joined.
 * @throws {Failure} InvalidInput, TemporalUnavailable
 */
export async function startReplication(
  control: Control,
  input: ReplicateInput & { readonly repository: string },
): Promise<Run<ReplicationResult>> {
  const workflowType = workflowTypes.replicate;
  const run = await startRun<ReplicationResult>(control, {
    onConflict: 'join',
    workflowType,
    workflowId: replicateWorkflowId(input.repository),
    input: parseInput(workflowType, replicateInputSchema, input),
    summary: `Copy to **${input.repository}**`,
  });
  if (!run.joined) return run;
  const wish: CopyMore = input.sources === undefined ? {} : { sources: input.sources };
  await run.handle.signal(signalNames.copyMore, wish).catch((error: unknown) => {
    throw translateFailure(error);
  });
  return run;
}
