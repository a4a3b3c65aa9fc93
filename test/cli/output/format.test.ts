import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatDuration, formatQuantity } from '../../../cli/output/format.ts';

test('sizes are shown in binary units, and never as 1024 of a unit', () => {
  const shown = [0, 1, 999, 1023, 1024, 1536, 1024 ** 2 - 1, 1024 ** 2, 1.4 * 1024 ** 3, 2 ** 60].map(
    formatBytes,
  );
  assert.deepEqual(shown, [
    '0 B',
    '1 B',
    '999 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '1.0 MiB',
    '1.0 MiB',
    '1.4 GiB',
    '1024.0 PiB',
  ]);
});

test('durations are shown with the precision that matters', () => {
  const shown = [0, 40.4, 340, 9_960, 59_400, 60_000, 185_000, 3_600_000, 7_380_000, 90_000_000].map(
    formatDuration,
  );
  assert.deepEqual(shown, [
    '0 ms',
    '40 ms',
    '0.3 s',
    '10 s',
    '59 s',
    '1 min 00 s',
    '3 min 05 s',
    '1 h 00 min',
    '2 h 03 min',
    '1 d 01 h',
  ]);
});

test('counts have separators of thousands, and nouns their number', () => {
  assert.equal(formatCount(1234567), '1,234,567');
  assert.equal(formatCount(999), '999');
  assert.equal(formatQuantity(1, 'file'), '1 file');
  assert.equal(formatQuantity(12_000, 'file'), '12,000 files');
  assert.equal(formatQuantity(2, 'entry', 'entries'), '2 entries');
});
