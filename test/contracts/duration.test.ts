import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../contracts/duration.ts';

test('a duration is read as people write it', () => {
  assert.equal(parseDuration('30s'), 30_000);
  assert.equal(parseDuration('1h30m'), 5_400_000);
  assert.equal(parseDuration('250ms'), 250);
  assert.equal(parseDuration('7d'), 604_800_000);
  assert.equal(parseDuration('2w'), 1_209_600_000);
  assert.equal(parseDuration('0s'), 0);
});

test('what is no duration is refused', () => {
  for (const text of ['', '5', 'h', '-1h', '1.5h', '5 m', '1y', 'never', `${'9'.repeat(30)}d`]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('a formatted duration reads back as the same number of milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (durationMs) =>
      assert.equal(parseDuration(formatDuration(durationMs)), durationMs),
    ),
  );
});
