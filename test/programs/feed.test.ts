import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { feedProgram } from '../../programs/feed.ts';

test('a chunk is written before the next one is asked for, however small it is', async () => {
  const written: string[] = [];
  const slow = new Writable({
    write: (chunk, _encoding, done) => {
      setImmediate(() => {
        written.push(String(chunk));
        done();
      });
    },
  });
  function* input() {
    for (const text of ['a', 'b', 'c']) {
      const chunk = Buffer.from(text);
      yield chunk;
      chunk.fill('-');
    }
  }
  await feedProgram(slow, input());
  assert.deepEqual(written, ['a', 'b', 'c']);
});

test('feeding ends when the program stops reading', async () => {
  const closing = new Writable({ write: () => setImmediate(() => closing.destroy()) });
  let given = 0;
  function* endless() {
    for (;;) {
      given += 1;
      yield Buffer.alloc(1);
    }
  }
  await feedProgram(closing, endless());
  assert.equal(given, 2);
});
