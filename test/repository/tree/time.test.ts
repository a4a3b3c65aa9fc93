import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTime, parseTime } from '../../../repository/tree/time.ts';

const utc = () => 0;

test('times have as many digits of a second as they need', () => {
  assert.equal(formatTime(0n, utc), '1970-01-01T00:00:00Z');
  assert.equal(formatTime(1_700_000_000_120_000_000n, utc), '2023-11-14T22:13:20.12Z');
  assert.equal(formatTime(1_700_000_000_000_000_001n, utc), '2023-11-14T22:13:20.000000001Z');
});

test('times are written in the zone of the host', () => {
  assert.equal(
    formatTime(1_704_164_645_120_000_000n, () => -12_600),
    '2024-01-01T23:34:05.12-03:30',
  );
  assert.equal(
    formatTime(0n, () => 20_700),
    '1970-01-01T05:45:00+05:45',
  );
});

test('odd seconds of an old zone are in the time and not in the offset, as Go writes it', () => {
  assert.equal(
    formatTime(-1_262_304_000n * 10n ** 9n, () => 1172),
    '1930-01-01T00:19:32+00:19',
  );
  assert.equal(
    formatTime(0n, () => -30),
    '1969-12-31T23:59:30+00:00',
  );
});

test('times before 1970 and in far years keep their nanoseconds', () => {
  assert.equal(formatTime(-1n, utc), '1969-12-31T23:59:59.999999999Z');
  assert.equal(formatTime(253_402_300_799n * 10n ** 9n, utc), '9999-12-31T23:59:59Z');
  assert.equal(formatTime(-62_167_219_200n * 10n ** 9n, utc), '0000-01-01T00:00:00Z');
});

test('years that RFC 3339 cannot write become 0 or 9999', () => {
  assert.equal(formatTime(253_402_300_800n * 10n ** 9n, utc), '9999-01-01T00:00:00Z');
  assert.equal(formatTime(-62_167_219_201n * 10n ** 9n, utc), '0000-12-31T23:59:59Z');
});

test('every time of four-digit years comes back, whatever the zone', () => {
  const times = fc.bigInt({ min: -62_100_000_000n * 10n ** 9n, max: 253_000_000_000n * 10n ** 9n });
  const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 });
  fc.assert(
    fc.property(times, offsets, (time, minutes) => {
      assert.equal(parseTime(formatTime(time, () => minutes * 60)), time);
    }),
  );
});

test('a calendar date is that of Date', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      const text = formatTime(BigInt(date.getTime()) * 1_000_000n, utc);
      assert.equal(new Date(text).toISOString(), date.toISOString());
    }),
  );
});

test('what is no time is refused', () => {
  for (const wrong of [
    '',
    '2024-01-01',
    '2024-13-01T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:00',
  ]) {
    assert.equal(parseTime(wrong), undefined, wrong);
  }
});
