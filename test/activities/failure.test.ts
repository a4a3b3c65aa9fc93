import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type FailedStep, failureForTemporal } from '../../activities/failure.ts';
import { Failure } from '../../contracts/failures.ts';

function told(error: unknown, change: Partial<FailedStep> = {}): ApplicationFailure {
  const failure = failureForTemporal(error, {
    step: 'capture',
    attempt: 1,
    storageFullRetryMs: 600_000,
    ...change,
  });
  assert.ok(failure instanceof ApplicationFailure);
  return failure;
}

test('a failure keeps its type, message and advice, and leaves its cause behind', () => {
  const cause = new Error('password authentication failed for hunter2');
  const failure = told(
    new Failure('SourceUnreachable', 'db1 does not answer', { advice: 'Start it.', cause }),
  );
  assert.equal(failure.type, 'SourceUnreachable');
  assert.equal(failure.message, 'db1 does not answer');
  assert.deepEqual(failure.details, [{ advice: 'Start it.' }]);
  assert.equal(failure.nonRetryable, false);
  assert.equal(failure.cause, undefined);
});

test('what no waiting mends is not tried again', () => {
  assert.equal(told(new Failure('WrongKey', 'The password is wrong')).nonRetryable, true);
});

test('an unknown error becomes Internal, without its words', () => {
  const failure = told(new TypeError('cannot read hunter2'));
  assert.equal(failure.type, 'Internal');
  assert.match(failure.message, /The step capture failed unexpectedly \(TypeError\)/);
  assert.doesNotMatch(JSON.stringify(failure), /hunter2/);
});

test('a full file system is tried again after the pause for it', () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const failure = told(error);
  assert.equal(failure.type, 'StorageFull');
  assert.equal(failure.nextRetryDelay, 600_000);
  assert.equal(told(new Failure('StorageFull', 'full')).nextRetryDelay, 600_000);
});

test('the other side is asked again when it has said so', () => {
  const failure = told(new Failure('StoreUnavailable', 'too many requests', { retryAfterMs: 30_000 }));
  assert.equal(failure.nextRetryDelay, 30_000);
});

test('a tool that fails again and again has found something wrong', () => {
  const failure = new Failure('ToolFailed', 'pg_dump ended with status 1');
  assert.equal(told(failure, { attempt: 2 }).nonRetryable, false);
  assert.equal(told(failure, { attempt: 3 }).nonRetryable, true);
});

test('a store that is away is waited for, however long', () => {
  assert.equal(told(new Failure('StoreUnavailable', 'no answer'), { attempt: 500 }).nonRetryable, false);
});

test('a cancelled step is told as cancelled, whatever it threw', () => {
  const cancelled = new CancelledFailure('CANCELLED');
  const step = { step: 'capture', attempt: 1, storageFullRetryMs: 1, cancelled };
  assert.equal(failureForTemporal(new Error('broken pipe'), step), cancelled);
});
