import { Failure, failureRules } from '../contracts/failures.ts';

/** Exit code of a command that did its work in part: what was readable is stored, the rest was listed. */
export const partialExitCode = 3;
/** Exit code of a check that found damage. */
export const damageExitCode = 4;

/** Any thrown value as a failure that can be shown to a person. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (isAbort(error)) {
    return error.cause instanceof Failure
      ? error.cause
      : new Failure('Cancelled', 'Cancelled', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('Internal', `Unexpected error: ${message}`, {
    advice: 'Run it again with RESGUARDO_DEBUG=1 and report what it prints; this is a fault of Resguardo.',
    cause: error,
  });
}

export function exitCodeOf(failure: Failure): number {
  return failureRules[failure.type].exitCode;
}

/** What `AbortSignal.throwIfAborted`, Node's streams and timers throw for a signal without a reason of ours. */
function isAbort(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AbortError';
}
