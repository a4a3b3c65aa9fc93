import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure, type FailureType, isFailure } from '../contracts/failures.ts';
import { errorCode } from '../posix/error-code.ts';

export interface FailedStep {
  /** Name of the activity, for the message. */
  readonly step: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly storageFullRetryMs: number;
  /** Reason of the cancellation, if the step was cancelled or its worker is shutting down. */
  readonly cancelled?: unknown;
}

/**
 * Attempts after which a failure that could have been temporary counts as lasting. The others are tried until
 * the step's time is up (workflows/options.ts): there, waiting helps, and giving up does not.
 */
const lastingAfter: Partial<Record<FailureType, number>> = {
  // A tool that fails in the same way three times, over half a minute, has found something wrong.
  ToolFailed: 3,
  Internal: 3,
  // With the pauses of workflows/options.ts, some 50 min: a server that is away for longer is not restarting,
  // and people should know. What the store lacks is waited for, since the source need not be read again.
  SourceUnreachable: 12,
  // Each of these has cost the whole time of the watchdog.
  Stalled: 3,
};

/**
 * The one place where what an activity threw becomes what Temporal is told. A failure of ours keeps its type,
 * message and advice; anything else becomes `Internal` with a message of our own, since the words of libraries
 * might hold what no history should.
 */
export function failureForTemporal(error: unknown, failed: FailedStep): Error {
  if (failed.cancelled instanceof CancelledFailure) return failed.cancelled;
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const failure = isFailure(error) ? error : unexpected(error, failed.step);
  const nextRetryDelayMs = retryDelayMs(failure, failed.storageFullRetryMs);
  return toApplicationFailure(failure, {
    ...(nextRetryDelayMs === undefined ? {} : { nextRetryDelayMs }),
    isLasting: failed.attempt >= (lastingAfter[failure.type] ?? Number.POSITIVE_INFINITY),
  });
}

function retryDelayMs(failure: Failure, storageFullRetryMs: number): number | undefined {
  return failure.type === 'StorageFull' ? storageFullRetryMs : failure.retryAfterMs;
}

/** System calls tell by their code what a person can mend. */
function unexpected(error: unknown, step: string): Failure {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure('StorageFull', `The step ${step} ran out of space on a file system of its host`, {
      cause: error,
    });
  }
  const name = error instanceof Error ? error.name : typeof error;
  const what = code === undefined ? name : `${name}, ${code}`;
  return new Failure(
    'Internal',
    `The step ${step} failed unexpectedly (${what}); the worker's log tells more`,
    {
      cause: error,
    },
  );
}
