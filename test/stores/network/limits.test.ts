import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../../../stores/network/gate.ts';
import { Bandwidth, defaultConnections } from '../../../stores/network/limits.ts';
import { Rate } from '../../../stores/network/rate.ts';

test('without a limit nothing waits', () => {
  const rate = new Rate();
  assert.equal(rate.reserve(1e12), 0);
  assert.equal(rate.pieceBytes, Number.POSITIVE_INFINITY);
});

test('bytes wait for those before them, at the rate', () => {
  const rate = new Rate(1_000_000);
  assert.equal(rate.reserve(500_000), 0);
  const waitMs = rate.reserve(500_000);
  assert.ok(waitMs > 400 && waitMs <= 500, `${waitMs} ms`);
  const third = rate.reserve(1);
  assert.ok(third > 900 && third <= 1000, `${third} ms`);
});

test('a rate that is lifted frees what comes next', () => {
  const rate = new Rate(1);
  rate.reserve(3_600);
  rate.set(undefined);
  assert.equal(rate.reserve(1_000_000), 0);
  rate.set(1000);
  assert.equal(rate.reserve(10), 0);
});

test('pieces are small enough for a change to be felt soon', () => {
  assert.equal(new Rate(100_000).pieceBytes, 5_000);
  assert.equal(new Rate(10).pieceBytes, 1024);
  assert.equal(new Rate(1e9).pieceBytes, 64 * 1024);
});

test('a gate lets so many through at once, in turn, and more when it is widened', async () => {
  const gate = new Gate(1);
  const entered: number[] = [];
  const enter = async (number: number): Promise<void> => {
    await gate.enter();
    entered.push(number);
  };
  await enter(1);
  const others = [enter(2), enter(3), enter(4)];
  gate.leave();
  await others[0];
  assert.deepEqual(entered, [1, 2]);
  gate.set(3);
  await Promise.all(others);
  assert.deepEqual(entered, [1, 2, 3, 4]);
});

test('who waits at a gate and is aborted leaves the queue', async () => {
  const gate = new Gate(1);
  await gate.enter();
  const abort = new AbortController();
  const aborted = gate.enter(abort.signal);
  const next = gate.enter();
  abort.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  gate.leave();
  await next;
});

test('limits that are left out are the defaults', () => {
  const bandwidth = new Bandwidth({ uploadBytesPerSecond: 5, connections: 2 });
  assert.equal(bandwidth.requests.width, 2);
  bandwidth.set({});
  assert.equal(bandwidth.upload.bytesPerSecond, undefined);
  assert.equal(bandwidth.requests.width, defaultConnections);
});
