import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { exactRange } from '../../stores/ranges.ts';

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index));
const isDamaged = (error: unknown): boolean =>
  isFailure(error, 'RepositoryDamaged') && error.message === 'data/x ends before byte 30.';

test('a range is taken as it comes, and out of a whole object from a service that does not know ranges', () => {
  const range = { offset: 10, length: 20 };
  assert.deepEqual(exactRange(bytes(40).subarray(10, 30), range, 'data/x'), bytes(30).subarray(10));
  assert.deepEqual(exactRange(bytes(40), range, 'data/x'), bytes(30).subarray(10));
});

test('an object that ends within the range is damaged, by a service that does not know ranges too', () => {
  assert.throws(() => exactRange(bytes(5), { offset: 10, length: 20 }, 'data/x'), isDamaged);
  assert.throws(() => exactRange(bytes(25), { offset: 10, length: 20 }, 'data/x'), isDamaged);
});
