import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { toApplicationFailure } from '../../contracts/application-failure.ts';
import { Failure } from '../../contracts/failures.ts';
import { translateFailure } from '../../control/failures.ts';

function workflowFailed(cause: Error): WorkflowFailedError {
  return new WorkflowFailedError('Workflow execution failed', cause, RetryState.NON_RETRYABLE_FAILURE);
}

function activityFailed(cause: Error): ActivityFailure {
  const retry = RetryState.MAXIMUM_ATTEMPTS_REACHED;
  return new ActivityFailure('Activity task failed', 'capture', '1', retry, 'worker', cause);
}

test('a failure comes back from Temporal with its type, message and advice', () => {
  const original = new Failure('SourceUnreachable', 'Cannot reach db1', { advice: 'Start db1.' });
  for (const wrap of [workflowFailed, (cause: Error) => workflowFailed(activityFailed(cause))]) {
    const { type, message, advice } = translateFailure(wrap(toApplicationFailure(original)));
    assert.deepEqual({ type, message, advice }, { ...pick(original) });
  }
});

test('an unknown type of failure is an internal one, with its message', () => {
  const failure = translateFailure(
    workflowFailed(ApplicationFailure.create({ type: 'Strange', message: 'odd' })),
  );
  assert.equal(failure.type, 'Internal');
});

test('cancellation, termination and time-outs have failures of their own', () => {
  const cases: readonly (readonly [Error, string])[] = [
    [new CancelledFailure('cancelled'), 'Cancelled'],
    [new TerminatedFailure('terminated'), 'Cancelled'],
    [activityFailed(new TimeoutFailure('x', undefined, TimeoutType.SCHEDULE_TO_START)), 'AgentOffline'],
    [activityFailed(new TimeoutFailure('x', undefined, TimeoutType.START_TO_CLOSE)), 'Stalled'],
  ];
  for (const [cause, type] of cases) assert.equal(translateFailure(workflowFailed(cause)).type, type);
});

test('a failure of ours passes as it is', () => {
  const failure = new Failure('AlreadyRunning', 'x');
  assert.equal(translateFailure(failure), failure);
});

function pick({ type, message, advice }: Failure): object {
  return { type, message, advice };
}
