import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { backupSourceInputSchema, parseInput, restoreInputSchema } from '../../contracts/inputs.ts';

function messageFor(input: unknown): string {
  try {
    parseInput('backupSource', backupSourceInputSchema, input);
  } catch (error) {
    assert.ok(isFailure(error, 'InvalidInput'));
    return error.message;
  }
  throw new assert.AssertionError({ message: 'the input was accepted' });
}

test('the smallest input names a source', () => {
  assert.deepEqual(parseInput('backupSource', backupSourceInputSchema, { source: 'mydb' }), {
    source: 'mydb',
  });
});

test('a wrong input names the field', () => {
  assert.match(messageFor({}), /source: /);
  assert.match(messageFor({ source: 7 }), /source: /);
  assert.match(messageFor({ source: 'mydb', tags: ['ok', 'not ok'] }), /tags\.1: /);
  assert.match(messageFor({ source: 'mydb', retention: 'hourly' }), /retention: /);
});

test('an unknown field is refused by name', () => {
  assert.match(messageFor({ source: 'mydb', tag: 'x' }), /"tag"/);
});

test('encryption cannot be switched off, and the message says why', () => {
  assert.match(messageFor({ source: 'mydb', encrypt: false }), /encrypt: .*always encrypted/);
});

test('every wrong field is named at once', () => {
  const message = messageFor({ source: '../etc', tags: 'x' });
  assert.match(message, /source: /);
  assert.match(message, /tags: /);
});

test('a restore needs no target, and takes durations as people write them', () => {
  const input = { source: 'mydb', keepReplaced: '7d', tables: ['shop.orders'] };
  assert.deepEqual(parseInput('restore', restoreInputSchema, input), input);
  assert.throws(
    () => parseInput('restore', restoreInputSchema, { source: 'mydb', confirmWithin: 'an hour' }),
    /confirmWithin: must be a duration such as 90m or 3d/,
  );
});
