import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateMeter } from '../../../cli/output/rate.ts';

test('the rate is that of the last seconds, not of the whole', () => {
  const meter = new RateMeter(10_000);
  meter.add(0, 0);
  for (let second = 1; second <= 10; second += 1) meter.add(second * 1000, second * 1_000_000);
  for (let second = 11; second <= 30; second += 1) meter.add(second * 1000, 10_000_000 + (second - 10) * 100);
  assert.equal(meter.bytesPerSecond(30_000), 100);
});

test('a stall shows as a falling rate, without a further sample', () => {
  const meter = new RateMeter();
  meter.add(0, 0);
  meter.add(1000, 1_000_000);
  assert.equal(meter.bytesPerSecond(1000), 1_000_000);
  assert.equal(meter.bytesPerSecond(4000), 250_000);
});

test('there is no rate before there is something to judge by, and a count that falls begins anew', () => {
  const meter = new RateMeter();
  assert.equal(meter.bytesPerSecond(0), undefined);
  meter.add(0, 500);
  assert.equal(meter.bytesPerSecond(100), undefined);
  meter.add(2000, 10);
  assert.equal(meter.bytesPerSecond(2100), undefined);
});
