import { Failure, isFailure } from '../contracts/failures.ts';

export type CheckStatus = 'ok' | 'warning' | 'failure';

/** One thing that was looked at. Plain JSON, without secrets. */
export interface CheckResult {
  /** `configuration`, `secret`, `repository`, `temporal`, `source`, `channel`, `machine` … */
  readonly check: string;
  /** Name of the source, repository or channel; or what of the machine. */
  readonly subject: string;
  readonly status: CheckStatus;
  /** One sentence: what is there, or what is wrong. */
  readonly message: string;
  /** What to do now; absent when all is well. */
  readonly mend?: string;
}

/** Something to look at. What it throws becomes a failed check. */
export interface Check {
  readonly check: string;
  readonly subject: string;
  run(signal: AbortSignal): Promise<readonly CheckResult[]>;
}

/** Longest time for one check: people wait for the list. */
const checkTimeoutMs = 30_000;

/** Checks at one time: they wait for others more than they work. */
const checksAtOnce = 6;

/** Runs all checks, several at a time, and yields their results in the order of the checks. */
export async function* runChecks(
  checks: readonly Check[],
  { signal, timeoutMs = checkTimeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): AsyncGenerator<CheckResult> {
  const running: Promise<readonly CheckResult[]>[] = [];
  let next = 0;
  const startNext = () => {
    const check = checks[next];
    next += 1;
    if (check !== undefined) running.push(runCheck(check, signal, timeoutMs));
  };
  for (let count = 0; count < checksAtOnce; count += 1) startNext();
  for (let results = running.shift(); results !== undefined; results = running.shift()) {
    const found = await results;
    startNext();
    signal.throwIfAborted();
    yield* found;
  }
}

export function ok(check: string, subject: string, message: string): CheckResult {
  return { check, subject, status: 'ok', message };
}

export function warning(
  check: string,
  subject: string,
  words: { message: string; mend: string },
): CheckResult {
  return { check, subject, status: 'warning', ...words };
}

export function failure(
  check: string,
  subject: string,
  words: { message: string; mend: string },
): CheckResult {
  return { check, subject, status: 'failure', ...words };
}

/** A failed check from what was thrown. */
export function failed(check: string, subject: string, error: unknown): CheckResult {
  const known = isFailure(error)
    ? error
    : new Failure('Internal', error instanceof Error ? error.message : String(error), { cause: error });
  return failure(check, subject, { message: known.message, mend: known.advice });
}

/** Never rejects. A check that does not heed the signal is left to itself. */
async function runCheck(
  check: Check,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<readonly CheckResult[]> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const limit = AbortSignal.any([signal, timeout]);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(limit.reason);
  limit.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([check.run(limit), stopped]);
  } catch (error) {
    if (!timeout.aborted) return [failed(check.check, check.subject, error)];
    const message = `The check did not end in ${timeoutMs / 1000} s`;
    return [
      failure(check.check, check.subject, {
        message,
        mend: 'Look at the network, and at the load of the other side.',
      }),
    ];
  } finally {
    limit.removeEventListener('abort', stop);
  }
}
