import { isGrpcServiceError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { Failure, isFailure, isFailureType } from '../contracts/failures.ts';

/**
 * What Temporal threw, as one of our failures. A failure that crossed Temporal has its type, message and
 * advice again: the outermost of the causes that has a type of ours is it.
 */
export function translateFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  for (const cause of causesOf(error)) {
    const failure = translateCause(cause);
    if (failure) return failure;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('Internal', message, { cause: error });
}

function translateCause(cause: unknown): Failure | undefined {
  if (cause instanceof ApplicationFailure) return fromApplicationFailure(cause);
  if (cause instanceof CancelledFailure) return new Failure('Cancelled', 'The run was cancelled', { cause });
  if (cause instanceof TerminatedFailure) {
    return new Failure('Cancelled', 'The run was terminated', {
      advice: 'Look for what it left: `resguardo repo unlock`. What was stored is used by the next run.',
      cause,
    });
  }
  if (cause instanceof TimeoutFailure) return fromTimeout(cause);
  if (cause instanceof WorkflowNotFoundError) {
    return new Failure('InvalidInput', `Temporal knows no run ${cause.workflowId}`, {
      advice: 'It may be older than Temporal keeps runs.',
      cause,
    });
  }
  if (isGrpcServiceError(cause)) {
    return new Failure(
      'TemporalUnavailable',
      `Temporal did not do as asked: ${cause.details || cause.message}`,
      {
        cause,
      },
    );
  }
  return undefined;
}

function fromApplicationFailure(cause: ApplicationFailure): Failure | undefined {
  const { type } = cause;
  if (!type || !isFailureType(type)) return undefined;
  const advice = adviceIn(cause.details);
  return new Failure(type, cause.message, advice === undefined ? { cause } : { advice, cause });
}

/** An activity's failure carries its advice in its details. */
function adviceIn(details: readonly unknown[] | null | undefined): string | undefined {
  for (const detail of details ?? []) {
    if (detail === null || typeof detail !== 'object' || !('advice' in detail)) continue;
    if (typeof detail.advice === 'string') return detail.advice;
  }
  return undefined;
}

function fromTimeout(cause: TimeoutFailure): Failure {
  if (cause.timeoutType === TimeoutType.SCHEDULE_TO_START) {
    return new Failure('AgentOffline', 'No worker took the step in time', { cause });
  }
  return new Failure('Stalled', `A step did not end in time (${cause.message})`, { cause });
}

/** The error and its causes, outermost first. */
function* causesOf(error: unknown): Generator<unknown> {
  let cause = error;
  // A chain that comes back to itself must not hang us.
  for (let depth = 0; cause !== undefined && depth < 16; depth += 1) {
    if (!(cause instanceof WorkflowFailedError)) yield cause;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
}
