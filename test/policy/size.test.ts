import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, medianLine, quantile, spread } from '../../policy/robust.ts';
import { sizeFinding } from '../../policy/size.ts';

const mib = 1024 * 1024;

function history(...bytes: readonly number[]) {
  return bytes.map((size, day) => ({
    time: new Date(Date.UTC(2026, 9, 1 + day)).toISOString(),
    bytes: size,
  }));
}

function level(newest: number, earlier: readonly number[]) {
  const time = new Date(Date.UTC(2026, 9, 1 + earlier.length)).toISOString();
  return sizeFinding('shop', { time, bytes: newest }, history(...earlier)).level;
}

const steady = Array.from({ length: 30 }, (_, day) => 100 * mib + (day % 3) * mib);
const growing = Array.from({ length: 30 }, (_, day) => (100 + day * 4) * mib);

test('a backup under 1 KB is an alarm', () => {
  assert.equal(level(0, []), 'critical');
  assert.equal(level(1023, steady), 'critical');
  assert.equal(level(2000, []), 'ok');
});

test('a source that has always been tiny is none', () => {
  assert.equal(level(400, [410, 400, 405, 400, 410, 400]), 'ok');
  assert.equal(level(0, [410, 400, 405, 400, 410, 400]), 'critical');
});

test('a backup far below its trend is an alarm, and one that lost most of its data a loud one', () => {
  assert.equal(level(101 * mib, steady), 'ok');
  assert.equal(level(60 * mib, steady), 'warning');
  assert.equal(level(40 * mib, steady), 'critical');
});

test('a backup far above its trend is told', () => {
  assert.equal(level(150 * mib, steady), 'notice');
  assert.equal(level(900 * mib, steady), 'warning');
});

test('steady growth is no alarm, and standing still against it is none either', () => {
  assert.equal(level(220 * mib, growing), 'ok');
  assert.equal(level(216 * mib, growing), 'ok');
  assert.equal(level(100 * mib, growing), 'critical');
});

test('one odd backup in the past neither hides an alarm nor makes one', () => {
  const odd = steady.with(-1, 1).with(-5, 5000 * mib);
  assert.equal(level(101 * mib, odd), 'ok');
  assert.equal(level(40 * mib, odd), 'critical');
});

test('a few earlier backups show no trend', () => {
  assert.equal(level(5 * mib, [100 * mib, 100 * mib]), 'ok');
});

test('the message has the size, what was expected, and the difference', () => {
  const finding = sizeFinding('shop', { time: '2026-11-01T00:00:00Z', bytes: 40 * mib }, history(...steady));
  assert.match(finding.message, /has 40 MiB; 101 MiB were expected \(60 % less\)/);
});

test('median, quantile, spread and line are those of the textbooks', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([]), undefined);
  assert.equal(quantile([1, 2, 3, 4, 5], 0.25), 2);
  assert.equal(spread([1, 1, 2, 2, 4, 6, 9]), 1.4826);
  const line = medianLine([0, 1, 2, 3, 4].map((x) => ({ x, y: x === 3 ? 100 : 2 * x + 1 })));
  assert.equal(line.slope, 2);
  assert.equal(line.at(10), 21);
});
