import assert from 'node:assert/strict';
import { type Failure, isFailure } from '../contracts/failures.ts';

/** Waits for a failure of the type, and returns it. */
export async function failureOf(promise: Promise<unknown>, type: Failure['type']): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isFailure(error, type), `expected ${type}, got ${error}`);
  return error;
}
