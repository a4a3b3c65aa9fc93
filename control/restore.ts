import type { DatabasePlan, ReplacedResult, RollBackRun } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import { parseInput, type RestoreInput, restoreInputSchema } from '../contracts/inputs.ts';
import type { RestoreResult } from '../contracts/jobs.ts';
import { updateNames, workflowTypes } from '../contracts/messages.ts';
import { planWorkflowId, replacedWorkflowId, restoreWorkflowId } from '../contracts/queues.ts';
import type { Control } from './client.ts';
import { translateFailure } from './failures.ts';
import { findRun, type Run, runOf, type StartOptions, startRun } from './runs.ts';

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
    summary: `Restore **${input.source}**${input.target === undefined ? '' : ` to ${input.target}`}`,
  });
}

/**
 * Starts what tells what a restore of databases would do.
 * @throws {Failure} InvalidInput, AlreadyRunning, TemporalUnavailable
 */
export async function startRestorePlan(control: Control, input: RestoreInput): Promise<Run<DatabasePlan>> {
  const workflowType = workflowTypes.planRestore;
  return startRun<DatabasePlan>(control, {
    workflowType,
    workflowId: planWorkflowId(input.source),
    input: parseInput(workflowType, restoreInputSchema, input),
    summary: `Look what a restore of **${input.source}** would do`,
  });
}

/**
 * Lets a restore that waits for a person replace what is there.
 * @throws {Failure} InvalidInput if nothing waits, or for another name
 */
export async function confirmRestore(run: Run<RestoreResult>, target: string): Promise<void> {
  try {
    await run.handle.executeUpdate<string, [object]>(updateNames.confirm, { args: [{ target }] });
  } catch (error) {
    throw translateFailure(error);
  }
}

/**
 * Ends a restore that waits for a person; nothing is replaced.
 * @throws {Failure} InvalidInput if nothing waits
 */
export async function rejectRestore(run: Run<RestoreResult>): Promise<void> {
  try {
    await run.handle.executeUpdate<string, []>(updateNames.reject);
  } catch (error) {
    throw translateFailure(error);
  }
}

/**
 * Asks for what a restore has replaced to be put back; the run that is returned does it.
 * @throws {Failure} NotFound if nothing of that name is kept, AlreadyRunning if a restore of the source is under way
 */
export async function startRollback(control: Control, restore: string): Promise<Run<ReplacedResult>> {
  const kept = await findRun<ReplacedResult>(control, replacedWorkflowId(restore));
  if (kept === undefined) {
    throw new Failure('NotFound', `Nothing is kept of a restore "${restore}"`, {
      advice:
        'The restore has printed its name, such as shop-20261126T140512. What it has replaced may be removed already.',
    });
  }
  try {
    const begun = await kept.handle.executeUpdate<RollBackRun, []>(updateNames.rollBack);
    return runOf<ReplacedResult>(control, begun);
  } catch (error) {
    throw translateFailure(error);
  }
}
