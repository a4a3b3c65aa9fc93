import { type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { Failure } from '../contracts/failures.ts';
import { controlQueue } from '../contracts/queues.ts';
import type { Control } from './client.ts';
import { translateFailure } from './failures.ts';
import { patiently } from './patience.ts';

/** A workflow run that was started, or joined. */
export interface Run<Result> {
  readonly workflowId: string;
  readonly runId: string;
  /** True if the run was under way already. */
  readonly joined: boolean;
  readonly control: Control;
  readonly handle: WorkflowHandle<() => Promise<Result>>;
}

/** What to do if a run with this id is under way: refuse, or follow that run. */
export type ConflictPolicy = 'fail' | 'join';

export interface StartOptions {
  readonly onConflict?: ConflictPolicy;
}

export interface RunRequest extends StartOptions {
  readonly workflowType: string;
  readonly workflowId: string;
  readonly input: object;
  /** One line of Temporal markdown, shown in the Web UI. */
  readonly summary: string;
}

/** A run can end between the refusal of ours and the look at it; more often than this is no accident. */
const startAttempts = 3;

/**
 * Starts a workflow under its fixed id.
 * @throws {Failure} AlreadyRunning, TemporalUnavailable
 */
export async function startRun<Result>(control: Control, request: RunRequest): Promise<Run<Result>> {
  const { workflowId, onConflict = 'fail' } = request;
  for (let attempt = 1; attempt <= startAttempts; attempt += 1) {
    const started = await tryStart<Result>(control, request);
    if (started) return started;
    if (onConflict === 'join') {
      const joined = await findRun<Result>(control, workflowId);
      if (joined) return joined;
    }
    if (onConflict === 'fail') break;
  }
  throw new Failure('AlreadyRunning', `A run of ${workflowId} is under way`);
}

async function tryStart<Result>(
  control: Control,
  { workflowType, workflowId, input, summary }: RunRequest,
): Promise<Run<Result> | undefined> {
  try {
    const started = await control.client.workflow.start<(input: object) => Promise<Result>>(workflowType, {
      taskQueue: controlQueue,
      workflowId,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: summary,
    });
    return toRun(control, { workflowId, runId: started.firstExecutionRunId, joined: false });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw translateFailure(error);
  }
}

/** The run of a workflow id that is under way, or undefined. */
export async function findRun<Result>(
  control: Control,
  workflowId: string,
): Promise<Run<Result> | undefined> {
  try {
    const { status, runId } = await control.client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' ? toRun(control, { workflowId, runId, joined: true }) : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw translateFailure(error);
  }
}

/** A run that somebody else has started. */
export function runOf<Result>(
  control: Control,
  { workflowId, runId }: Pick<RunIdentity, 'workflowId' | 'runId'>,
): Run<Result> {
  return toRun(control, { workflowId, runId, joined: true });
}

interface RunIdentity {
  readonly workflowId: string;
  readonly runId: string;
  readonly joined: boolean;
}

function toRun<Result>(control: Control, identity: RunIdentity): Run<Result> {
  const { workflowId, runId } = identity;
  const handle = control.client.workflow.getHandle<() => Promise<Result>>(workflowId, runId);
  return { ...identity, control, handle };
}

/**
 * Waits for the end of a run; the signal ends the waiting alone.
 * @throws {Failure} what the run failed with; Cancelled if it was cancelled or terminated
 * @throws the reason of the signal
 */
export async function runResult<Result>(run: Run<Result>, signal?: AbortSignal): Promise<Result> {
  const { watcher } = run.control;
  const handle = watcher.workflow.getHandle<() => Promise<Result>>(run.workflowId, run.runId);
  const wait = (): Promise<Result> =>
    signal ? watcher.withAbortSignal(signal, () => handle.result()) : handle.result();
  try {
    return await patiently(wait, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw translateFailure(error);
  }
}

/** Asks a run to stop and clean up. It ends later, as `Cancelled`. */
export async function cancelRun(run: Run<unknown>): Promise<void> {
  try {
    await run.handle.cancel();
  } catch (error) {
    // It ended by itself.
    if (!(error instanceof WorkflowNotFoundError)) throw translateFailure(error);
  }
}

/** Whether a worker asks for workflows: without one, a run that is started waits for ever. */
export async function hasWorker({ client, namespace }: Control): Promise<boolean> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: controlQueue },
      // TASK_QUEUE_TYPE_WORKFLOW
      taskQueueType: 1,
    });
    return (pollers ?? []).length > 0;
  } catch (error) {
    throw translateFailure(error);
  }
}
