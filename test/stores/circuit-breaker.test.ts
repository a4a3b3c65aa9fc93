import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { CircuitBreaker } from '../../stores/circuit-breaker.ts';

const down = new Failure('StoreUnavailable', 'The service is down.');

test('while it is open, requests fail at once with the failure that opened it', () => {
  const breaker = new CircuitBreaker(60_000);
  assert.equal(breaker.admit(), 'normal');
  breaker.gaveUp(down);
  assert.throws(
    () => breaker.admit(),
    (error) => {
      assert.ok(isFailure(error, 'StoreUnavailable'));
      assert.match(error.message, /^The service is down\. It is asked again in \d+ s\.$/);
      assert.ok((error.retryAfterMs ?? 0) > 0);
      return true;
    },
  );
});

test('after a while one request may try, and its success lets all in again', async () => {
  const breaker = new CircuitBreaker(5);
  breaker.gaveUp(down);
  await delay(10);
  assert.equal(breaker.admit(), 'probe');
  assert.throws(() => breaker.admit(), /is down/);
  breaker.succeeded();
  assert.equal(breaker.admit(), 'normal');
});

test('a probe that says nothing about the service leaves the next one its turn', async () => {
  const breaker = new CircuitBreaker(5);
  breaker.gaveUp(down);
  await delay(10);
  assert.equal(breaker.admit(), 'probe');
  breaker.undecided();
  assert.equal(breaker.admit(), 'probe');
  breaker.gaveUp(down);
  assert.throws(() => breaker.admit(), /is down/);
});
