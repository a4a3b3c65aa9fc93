import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Failure, failureRules, isFailureType, nonRetryableFailureTypes } from '../../contracts/failures.ts';
import { failuresPage, withFailureTable } from '../../scripts/failures-page.ts';

test('the page of failures shows the table of the code', () => {
  const page = readFileSync(failuresPage, 'utf8');
  assert.equal(page, withFailureTable(page), 'run `npm run failures`');
});

test('exit codes that restic uses too mean what they mean in restic', () => {
  assert.equal(failureRules.RepositoryNotFound.exitCode, 10);
  assert.equal(failureRules.RepositoryLocked.exitCode, 11);
  assert.equal(failureRules.WrongKey.exitCode, 12);
});

test('a failure takes the advice of the table unless it knows better', () => {
  assert.equal(new Failure('WrongKey', 'm').advice, failureRules.WrongKey.advice);
  assert.equal(new Failure('WrongKey', 'm', { advice: 'Look under the mat.' }).advice, 'Look under the mat.');
});

test('Temporal retries what may succeed later, and nothing else', () => {
  assert.ok(nonRetryableFailureTypes.includes('WrongKey'));
  assert.ok(!nonRetryableFailureTypes.includes('StoreUnavailable'));
  assert.ok(nonRetryableFailureTypes.every(isFailureType));
});
