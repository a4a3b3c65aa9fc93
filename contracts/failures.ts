import { failureRules } from './failure-table.ts';

export { type FailureRule, failureRules } from './failure-table.ts';

export type FailureType = keyof typeof failureRules;

export interface FailureOptions {
  /** Replaces the table's advice where the place that throws knows a better mend. */
  readonly advice?: string;
  /** Milliseconds to wait before the next try, where the other side has said so. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * An error that a person can act on. The message says what failed, on what, and why, and never holds a
 * secret; `advice` says what to do now.
 */
export class Failure extends Error {
  readonly type: FailureType;
  readonly advice: string;
  readonly retryAfterMs: number | undefined;

  constructor(type: FailureType, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = type;
    this.type = type;
    this.advice = options.advice ?? failureRules[type].advice;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function isFailure(error: unknown, type?: FailureType): error is Failure {
  return error instanceof Failure && (type === undefined || error.type === type);
}

export function isFailureType(name: string): name is FailureType {
  return Object.hasOwn(failureRules, name);
}

/** Names of the failures that Temporal must not retry. */
export const nonRetryableFailureTypes: readonly FailureType[] = Object.keys(failureRules)
  .filter(isFailureType)
  .filter((type) => !failureRules[type].retryable);
