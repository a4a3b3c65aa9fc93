import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../stores/open.ts';

test('a path is a folder on this machine, with or without "local:"', () => {
  assert.equal(openStore('/srv/backup').location, '/srv/backup');
  assert.equal(openStore('local:/srv/backup').location, '/srv/backup');
  assert.equal(openStore('backup').location, resolve('backup'));
});

test('a kind of store that there is not is refused without showing the rest of the URL', () => {
  assert.throws(
    () => openStore('rest:https://user:hunter2@host/'),
    (error: Error) => {
      assert.match(error.message, /starts with "rest:"/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
  assert.throws(() => openStore(''), /empty/);
});
