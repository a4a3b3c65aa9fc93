import { TimeoutType } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { Failure, isFailure, isFailureType } from '../contracts/failures.ts';

/**
 * What stopped a workflow, as a failure of ours: the one that an activity threw, or what Temporal's time-outs
 * mean. Faults of the workflow's own code come back as undefined, and must be thrown on: Temporal then keeps
 * the run until a mended worker comes.
 * @param host that the steps were for, as far as it is known
 */
export function knownFailure(error: unknown, host?: string): Failure | undefined {
  if (isFailure(error)) return error;
  if (error instanceof ApplicationFailure) return fromApplicationFailure(error);
  if (error instanceof CancelledFailure) return new Failure('Cancelled', 'The run was cancelled');
  if (error instanceof ActivityFailure) {
    return error.cause instanceof TimeoutFailure
      ? fromTimeout(error.cause, error.activityType, host)
      : knownFailure(error.cause, host);
  }
  if (error instanceof ChildWorkflowFailure) return knownFailure(error.cause, host);
  return undefined;
}

function fromApplicationFailure(error: ApplicationFailure): Failure {
  const type = error.type ?? '';
  if (!isFailureType(type)) return new Failure('Internal', error.message);
  const advice = adviceOf(error.details);
  return new Failure(type, error.message, advice === undefined ? {} : { advice });
}

function adviceOf(details: readonly unknown[] | null | undefined): string | undefined {
  const [first] = details ?? [];
  if (typeof first !== 'object' || first === null || !('advice' in first)) return undefined;
  return typeof first.advice === 'string' ? first.advice : undefined;
}

function fromTimeout(error: TimeoutFailure, step: string, host: string | undefined): Failure {
  // The last attempt's own failure says more than that time ran out.
  const last = error.cause === undefined ? undefined : knownFailure(error.cause, host);
  if (last !== undefined) return last;
  const where = host === undefined ? 'No worker' : `No worker of the host ${host}`;
  switch (error.timeoutType) {
    case TimeoutType.SCHEDULE_TO_START:
      return new Failure('AgentOffline', `${where} took the step ${step} in time`);
    case TimeoutType.HEARTBEAT:
      return new Failure('AgentOffline', `The worker that did the step ${step} went silent`);
    default:
      return new Failure('Stalled', `The step ${step} did not end in its time`);
  }
}
