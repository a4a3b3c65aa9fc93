import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../contracts/failures.ts';
import { type Check, type CheckResult, ok, runChecks } from '../../doctor/check.ts';
import { clock, nodeVersion } from '../../doctor/machine.ts';

const signal = new AbortController().signal;

async function resultsOf(checks: readonly Check[], timeoutMs?: number): Promise<readonly CheckResult[]> {
  return Array.fromAsync(runChecks(checks, { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }));
}

const named = (subject: string, run: Check['run']): Check => ({ check: 'test', subject, run });

test('results come in the order of the checks, whichever ends first', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const checks = [
    named('slow', async () => {
      await promise;
      return [ok('test', 'slow', 'a'), ok('test', 'slow', 'b')];
    }),
    named('fast', async () => {
      resolve();
      return [ok('test', 'fast', 'c')];
    }),
    ...Array.from({ length: 20 }, (_, index) =>
      named(String(index), async () => [ok('test', String(index), '')]),
    ),
  ];
  const results = await resultsOf(checks);
  assert.deepEqual(results.map(({ subject }) => subject).slice(0, 3), ['slow', 'slow', 'fast']);
  assert.equal(results.length, 23);
});

test('a check that throws is a failure with the advice of what was thrown, and the others go on', async () => {
  const results = await resultsOf([
    named('known', () => Promise.reject(new Failure('WrongKey', 'the key is wrong'))),
    named('unknown', () => Promise.reject(new TypeError('x is not a function'))),
    named('well', async () => [ok('test', 'well', '')]),
  ]);
  assert.deepEqual(
    results.map(({ status, message }) => [status, message]),
    [
      ['failure', 'the key is wrong'],
      ['failure', 'x is not a function'],
      ['ok', ''],
    ],
  );
  assert.match(results[0]?.mend ?? '', /password or key/);
});

test('a check that never ends is given up, be it deaf or not', async () => {
  const never = new Promise<never>(() => undefined);
  const [deaf, other] = await resultsOf(
    [named('deaf', () => never), named('other', async () => [ok('test', 'other', '')])],
    20,
  );
  assert.equal(deaf?.status, 'failure');
  assert.match(deaf.message, /did not end in 0\.02 s/);
  assert.equal(other?.status, 'ok');
});

test('an old Node and an impossible clock are failures with a mend', async () => {
  assert.equal(nodeVersion('24.21.0').status, 'ok');
  assert.equal(nodeVersion('20.19.0').status, 'failure');
  assert.equal((await clock(Date.parse('1970-01-02'))).status, 'failure');
  assert.notEqual((await clock(Date.parse('2027-01-01'))).status, 'failure');
});
