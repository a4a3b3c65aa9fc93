import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forecastRestore } from '../../policy/restore-forecast.ts';

const facts = {
  loadBytes: 10_000_000_000,
  storedBytes: 2_000_000_000,
  readRate: 100_000_000,
  past: [],
  location: '/srv/backup',
};

test('earlier restores of the source tell how long the next one takes', () => {
  const past = [
    { bytes: 1000, seconds: 1 },
    { bytes: 5_000_000_000, seconds: 100 },
    { bytes: 5_000_000_000, seconds: 50 },
  ];
  const { seconds, basis } = forecastRestore({ ...facts, past });
  assert.deepEqual({ seconds, basis }, { seconds: 200, basis: 'measured in 3 restores of this source' });
});

test('without an earlier restore it is an estimate, no faster than the repository', () => {
  assert.equal(forecastRestore(facts).seconds, 500);
  const { seconds, basis } = forecastRestore({ ...facts, readRate: 1_000_000 });
  assert.equal(seconds, 10_000);
  assert.equal(basis, 'estimate: no restore of this source has been measured yet');
});

test('what leaves a cloud provider costs by the stored bytes, a local disk costs nothing', () => {
  assert.equal(forecastRestore({ ...facts, location: 's3:s3.amazonaws.com/y' }).egressUsd, 0.17);
  assert.equal(
    forecastRestore({ ...facts, location: 's3:https://minio.example.com/y' }).egressUsd,
    undefined,
  );
  assert.equal(forecastRestore({ ...facts, location: 'b2:x' }).egressUsd, 0.02);
  assert.equal(forecastRestore(facts).egressUsd, undefined);
});
