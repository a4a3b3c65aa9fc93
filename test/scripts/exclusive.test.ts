import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exclusively } from '../../scripts/exclusive.mjs';

const module = fileURLToPath(new URL('../../scripts/exclusive.mjs', import.meta.url));

describe('exclusively', () => {
  test('runs work of the same name one after another', async () => {
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${name} ends`);
    };
    const name = uniqueName();
    await Promise.all(['a', 'b', 'c'].map((each) => exclusively(name, { work: work(each) })));
    assert.equal(events.length, 6);
    for (let index = 0; index < 6; index += 2) {
      assert.equal(events[index]?.replace('begins', 'ends'), events[index + 1]);
    }
  });

  test('gives the result, and frees the name when work fails', async () => {
    const name = uniqueName();
    await assert.rejects(exclusively(name, { work: () => Promise.reject(new Error('broken')) }), /broken/);
    assert.equal(await exclusively(name, { work: async () => 7 }), 7);
  });

  test('tells that it waits, and goes on when the owner is killed', async (t) => {
    const name = uniqueName();
    const owner = startOwner(name);
    t.after(() => owner.kill('SIGKILL'));
    await lineOf(owner);
    let waits = 0;
    const result = exclusively(name, {
      work: async () => 'mine',
      onWait: () => {
        waits += 1;
        owner.kill('SIGKILL');
      },
    });
    assert.equal(await result, 'mine');
    assert.equal(waits, 1);
  });
});

/** A process that takes the lock, says so, and keeps it as long as it lives. */
function startOwner(name: string): ChildProcessWithoutNullStreams {
  const source = `
    import { exclusively } from ${JSON.stringify(module)};
    const forever = new Promise(() => setInterval(() => {}, 1000));
    await exclusively(${JSON.stringify(name)}, { work: () => { console.log('owner'); return forever; } });`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source]);
}

async function lineOf(child: ChildProcessWithoutNullStreams): Promise<void> {
  await once(createInterface(child.stdout), 'line');
}

function uniqueName(): string {
  return `test ${process.pid} ${performance.now()}`;
}
