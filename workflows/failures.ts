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
 */
export function knownFailure(error: unknown): Failure | undefined {
  if (isFailure(error)) return error;
  if (error instanceof ApplicationFailure) return fromApplicationFailure(error);
  if (error instanceof TimeoutFailure) return fromTimeout(error);
  if (error instanceof CancelledFailure) return new Failure('Cancelled', 'The run was cancelled');
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure)
    return knownFailure(error.cause);
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

function fromTimeout(error: TimeoutFailure): Failure {
  // The last attempt's own failure says more than that time ran out.
  const last = error.cause === undefined ? undefined : knownFailure(error.cause);
  if (last !== undefined) return last;
  if (error.timeoutType === TimeoutType.SCHEDULE_TO_START) {
    return new Failure('AgentOffline', 'No worker of the host took the step in time');
  }
  return new Failure(
    'Stalled',
    `A step did not end in time (${String(error.timeoutType).toLowerCase().replaceAll('_', ' ')})`,
  );
}
