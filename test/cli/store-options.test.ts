import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeOptions, thawOf } from '../../cli/store-options.ts';
import { isFailure } from '../../contracts/failures.ts';

test('options of restic for stores are understood, and put together', () => {
  const given = [
    's3.storage-class=GLACIER',
    's3.bucket-lookup=dns',
    'azure.access-tier=Cool',
    's3.connections=8',
  ];
  assert.deepEqual(storeOptions(given), {
    s3: { storageClass: 'GLACIER', addressing: 'virtual-host' },
    azure: { accessTier: 'Cool' },
    connections: 8,
  });
  assert.deepEqual(storeOptions(), {});
});

test('thawing is asked for as restic does', () => {
  const thaw = (...given: readonly string[]) => thawOf(storeOptions(given));
  assert.deepEqual(thaw('s3.enable-restore=true'), { thaw: 'standard' });
  assert.deepEqual(thaw('s3.enable-restore=1', 's3.restore-tier=Bulk', 's3.restore-days=3'), {
    thaw: 'bulk',
    thawDays: 3,
  });
  assert.deepEqual(thaw('s3.restore-tier=Bulk'), {});
});

test('unknown names and wrong values are refused by name', () => {
  for (const [option, why] of [
    ['s3.retries=3', /no option -o s3\.retries/],
    ['s3.storage-class=ICE', /s3\.storage-class cannot be "ICE"/],
    ['s3.connections=0', /s3\.connections cannot be "0"/],
    ['constructor=1', /no option/],
  ] as const) {
    assert.throws(
      () => storeOptions([option]),
      (error) => isFailure(error, 'InvalidInput') && why.test(error.message),
    );
  }
});
