import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tell } from '../../doctor/left-overs.ts';
import type { LeftOver } from '../../restore/left-over.ts';

const hourMs = 3_600_000;
const nowMs = Date.parse('2026-11-26T12:00:00Z');

function told(hours: number, leftOver: Pick<LeftOver, 'kind' | 'swap'>) {
  const since = new Date(nowMs - hours * hourMs);
  return tell('db', { name: 'shop__x', since, ...leftOver }, nowMs).map(
    ({ status, message }) => `${status}: ${message}`,
  );
}

test('what a restore may still be working with, or keeps for a while, is no finding', () => {
  assert.deepEqual(told(23, { kind: 'restore' }), []);
  assert.deepEqual(told(7 * 24, { kind: 'before' }), []);
  assert.deepEqual(told(0.5, { kind: 'restore', swap: { place: 'shop', hasMoved: true } }), []);
});

test('what is forgotten is a warning, and a half-made swap a failure that tells what the live database lacks', () => {
  assert.match(told(25, { kind: 'restore' }).join(), /^warning: .*"shop__x" was made .* never put in place/);
  assert.match(told(9 * 24, { kind: 'before' }).join(), /^warning: .*has replaced, and is still kept/);
  const moved = told(2, { kind: 'restore', swap: { place: 'shop', hasMoved: true } });
  assert.match(moved.join(), /^failure: .*its tables are in place, and views, .* of "shop" may be missing/);
  const waiting = told(2, { kind: 'before', swap: { place: 'shop', hasMoved: false } });
  assert.match(waiting.join(), /^failure: .*"shop" is still the one of before/);
});
