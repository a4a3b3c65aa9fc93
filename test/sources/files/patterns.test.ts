import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { compilePatterns } from '../../../sources/files/patterns.ts';

/** Each was compared with restic's own filter; so were 40,000 random ones when this was written. */
const cases: readonly (readonly [readonly string[], string, boolean])[] = [
  [[], '/a', false],
  [['foo'], '/x/foo', true],
  [['foo'], '/x/foo/below', true],
  [['foo'], '/x/foobar', false],
  [['/foo'], '/foo/bar', true],
  [['/foo'], '/x/foo', false],
  [['*.txt'], '/x/a.txt', true],
  [['*.txt'], '/x/.txt', true],
  [['x/*.txt'], '/w/x/a.txt', true],
  [['x/*.txt'], '/x/y/a.txt', false],
  [['/x/**/b'], '/x/b', true],
  [['/x/**/b'], '/x/1/2/b', true],
  [['/x/**/b'], '/y/1/b', false],
  [['foo/**'], '/foo', true],
  [['**'], '/a', true],
  [['?'], '/é', true],
  [['?'], '/😀', true],
  [['?'], '/ab', false],
  [['[a-c]x'], '/bx', true],
  [['[^a-c]x'], '/bx', false],
  [['[^a-c]x'], '/dx', true],
  [['\\*'], '/*', true],
  [['\\*'], '/a', false],
  [['[\\]]'], '/]', true],
  [['foo/'], '/foo', true],
  [['/a/../b'], '/b', true],
  [['/'], '/anything', true],
  [['*', '!keep'], '/keep', false],
  [['*', '!keep', 'keep'], '/keep', true],
  [['!keep', '*'], '/keep', true],
  [['*.log', '!/var/**'], '/var/a.log', false],
];

test('patterns mean what they mean in restic', () => {
  for (const [patterns, path, expected] of cases) {
    assert.equal(compilePatterns(patterns)(path), expected, `${JSON.stringify(patterns)} ${path}`);
  }
});

test('a malformed pattern is named', () => {
  for (const pattern of ['[a', '[]', '[]a]', '[a-]', 'x/\\', '!/[', '[-a]']) {
    assert.throws(
      () => compilePatterns([pattern]),
      (error) => isFailure(error, 'InvalidConfiguration') && error.message.includes(pattern),
      pattern,
    );
  }
});
