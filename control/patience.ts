import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';

export interface PatienceOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long Temporal may be away without a pause. */
  readonly patienceMs?: number;
}

/** A restart of the server, or of what lies between, takes less. */
const defaultPatienceMs = 60_000;
const pauseMs = 1000;

/**
 * Repeats a call while Temporal cannot be reached.
 * @throws what the call throws, once patience is at its end or if it is something else
 */
export async function patiently<T>(call: () => Promise<T>, options: PatienceOptions = {}): Promise<T> {
  const { signal, patienceMs = defaultPatienceMs } = options;
  let awaySinceMs: number | undefined;
  for (;;) {
    // The SDK does not look whether a signal is aborted already.
    signal?.throwIfAborted();
    const startedMs = performance.now();
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isAway(error)) throw error;
      const nowMs = performance.now();
      // A call that was answered for long, and then broke, is the beginning of an absence.
      if (awaySinceMs === undefined || nowMs - startedMs > patienceMs) awaySinceMs = nowMs;
      if (nowMs - awaySinceMs > patienceMs) throw error;
      await delay(pauseMs, undefined, signal ? { signal } : {});
    }
  }
}

/** Of gRPC: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const awayCodes: readonly number[] = [2, 4, 8, 10, 13, 14];

function isAway(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && awayCodes.includes(cause.code);
}
