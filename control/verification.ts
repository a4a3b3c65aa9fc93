import { parseInput, type VerificationInput, verificationInputSchema } from '../contracts/inputs.ts';
import type { VerificationResult } from '../contracts/jobs.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { verificationWorkflowId } from '../contracts/queues.ts';
import type { Control } from './client.ts';
import { type Run, type StartOptions, startRun } from './runs.ts';

/**
 * Starts the check of a repository. `repository` is needed here, because it is part of the workflow's id.
 * @throws {Failure} InvalidInput, AlreadyRunning, TemporalUnavailable
 */
export async function startVerification(
  control: Control,
  input: VerificationInput & { readonly repository: string },
  options: StartOptions = {},
): Promise<Run<VerificationResult>> {
  const workflowType = workflowTypes.verification;
  return startRun<VerificationResult>(control, {
    ...options,
    workflowType,
    workflowId: verificationWorkflowId(input.repository),
    input: parseInput(workflowType, verificationInputSchema, input),
    summary: `Verify repository **${input.repository}**`,
  });
}
