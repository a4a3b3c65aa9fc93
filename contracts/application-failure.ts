import { ApplicationFailure } from '@temporalio/common';
import { type Failure, failureRules } from './failures.ts';

/** What a failure carries across Temporal beside its type and message. */
export interface FailureDetails {
  readonly advice: string;
}

export interface RetryAdvice {
  readonly nextRetryDelayMs?: number;
  /** Not to be tried again, although failures of this type may be. */
  readonly isLasting?: boolean;
}

/**
 * The only maker of Temporal's failures, for workflows and activities alike. The cause stays behind, in the
 * worker's log: it comes from libraries, and what they say might hold what no history should.
 */
export function toApplicationFailure(failure: Failure, options: RetryAdvice = {}): ApplicationFailure {
  const details: FailureDetails = { advice: failure.advice };
  return ApplicationFailure.create({
    type: failure.type,
    message: failure.message,
    nonRetryable: options.isLasting === true || !failureRules[failure.type].retryable,
    details: [details],
    ...(options.nextRetryDelayMs === undefined ? {} : { nextRetryDelay: options.nextRetryDelayMs }),
  });
}
