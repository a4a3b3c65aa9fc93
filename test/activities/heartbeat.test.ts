import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ProgressWatch, watchProgress } from '../../activities/heartbeat.ts';
import { isFailure } from '../../contracts/failures.ts';
import type { Progress } from '../../contracts/jobs.ts';

const timing = { heartbeatEveryMs: 1000, stalledAfterMs: 5000, abandonAfterMs: 2000 };

interface Watched {
  readonly watch: ProgressWatch;
  readonly beats: readonly Progress[];
  readonly cancel: (reason: Error) => void;
}

/** A watch whose timers the test moves. */
function watched(t: TestContext): Watched {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const beats: Progress[] = [];
  const cancellation = new AbortController();
  const watch = watchProgress({
    phase: 'capture',
    timing,
    heartbeat: (progress) => beats.push(progress),
    cancelled: cancellation.signal,
  });
  t.after(() => watch.stop());
  return { watch, beats, cancel: (reason) => cancellation.abort(reason) };
}

/** Work that ends when it is told to, as work should. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('it was interrupted')));
  });
}

test('a heartbeat is sent by timer, with the progress last told', (t) => {
  const { watch, beats } = watched(t);
  watch.report({ filesDone: 3, bytesDone: 100, current: `/${'a'.repeat(1000)}` });
  t.mock.timers.tick(2000);
  assert.equal(beats.length, 3);
  assert.deepEqual(beats[0], { phase: 'capture', filesDone: 0, bytesDone: 0, bytesStored: 0 });
  assert.equal(beats[2]?.bytesDone, 100);
  assert.equal(beats[2]?.current?.length, 300);
});

test('work that makes no progress is stopped as stalled, and its place named', async (t) => {
  const { watch } = watched(t);
  const run = watch.run(untilAborted);
  watch.report({ bytesDone: 1, current: '/srv/pipe' });
  t.mock.timers.tick(6000);
  await assert.rejects(run, (error) => isFailure(error, 'Stalled') && error.message.includes('at /srv/pipe'));
});

test('work that makes progress, however little, is left alone', async (t) => {
  const { watch } = watched(t);
  const done = Promise.withResolvers<string>();
  const run = watch.run(() => done.promise);
  for (let second = 1; second <= 60; second += 1) {
    if (second % 4 === 0) watch.report({ bytesDone: second });
    t.mock.timers.tick(1000);
  }
  done.resolve('stored');
  assert.equal(await run, 'stored');
});

test('cancelled work ends with the reason of the cancellation', async (t) => {
  const { watch, cancel } = watched(t);
  const run = watch.run(untilAborted);
  const reason = new Error('CANCELLED');
  cancel(reason);
  await assert.rejects(run, reason);
});

test('work that finishes although it was told to stop counts', async (t) => {
  const { watch, cancel } = watched(t);
  const done = Promise.withResolvers<string>();
  const run = watch.run(() => done.promise);
  cancel(new Error('CANCELLED'));
  done.resolve('stored');
  assert.equal(await run, 'stored');
});

test('work that does not stop when told is left behind', async (t) => {
  const { watch, cancel } = watched(t);
  const run = watch.run(() => new Promise(() => {}));
  const reason = new Error('CANCELLED');
  cancel(reason);
  t.mock.timers.tick(2000);
  await assert.rejects(run, reason);
});
