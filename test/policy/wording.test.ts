import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spaceFinding } from '../../policy/space.ts';
import { count, formatAge, formatBytes, formatPercent } from '../../policy/wording.ts';

test('bytes have three digits at most and a unit of 1024', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(1023), '1023 B');
  assert.equal(formatBytes(1024), '1 KiB');
  assert.equal(formatBytes(1536), '1.5 KiB');
  assert.equal(formatBytes(20 * 1024 ** 2), '20 MiB');
  assert.equal(formatBytes(1024 ** 2 - 1), '1 MiB');
  assert.equal(formatBytes(123.4 * 1024 ** 3), '123 GiB');
  assert.equal(formatBytes(-2048), '-2 KiB');
});

test('ages have two units at most', () => {
  assert.equal(formatAge(800), '0.8 s');
  assert.equal(formatAge(45_000), '45 s');
  assert.equal(formatAge(3_600_000), '1 h');
  assert.equal(formatAge(97_800_000), '27 h 10 min');
  assert.equal(formatAge(273_600_000), '3 d 4 h');
});

test('shares and counts read as a person writes them', () => {
  assert.equal(formatPercent(0.004), '0.4 %');
  assert.equal(formatPercent(0.5), '50 %');
  assert.equal(count(1, 'copy', 'copies'), '1 copy');
  assert.equal(count(0, 'snapshot'), '0 snapshots');
});

test('a file system with less than a tenth free is told', () => {
  const level = (freeBytes: number) => spaceFinding({ path: '/srv', totalBytes: 1000, freeBytes }).level;
  assert.deepEqual([level(100), level(99), level(49)], ['ok', 'warning', 'critical']);
});
