import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const module = fileURLToPath(new URL('../../scripts/child.mjs', import.meta.url));

describe('a program that is run for us', () => {
  test('passes its exit code on', async () => {
    const parent = startParent('process.exit(7)');
    assert.deepEqual(await once(parent, 'close'), [7, null]);
  });

  test('passes on by which signal it ended', async () => {
    const parent = startParent(`process.kill(process.pid, 'SIGKILL')`);
    assert.deepEqual(await once(parent, 'close'), [null, 'SIGKILL']);
  });

  test('gets a signal once, though it was sent twice in a moment, and is waited for', async () => {
    const parent = startParent(`
      let count = 0;
      process.on('SIGINT', () => { count += 1; console.log('interrupted'); });
      process.stdin.on('end', () => { console.log(count); process.exit(3); }).resume();
      console.log(process.pid);`);
    const lines = linesOf(parent);
    await lines.next();
    parent.kill('SIGINT');
    parent.kill('SIGINT');
    assert.equal((await lines.next()).value, 'interrupted');
    parent.stdin.end();
    assert.equal((await lines.next()).value, '1');
    assert.deepEqual(await once(parent, 'close'), [3, null]);
  });

  test('is killed at once, with what it started, where there is nothing to end in order', async () => {
    const program = `
      process.on('SIGINT', () => {});
      setInterval(() => {}, 1000);
      require('node:child_process').spawn('sleep', ['600'], { stdio: 'inherit' });
      console.log(process.pid);`;
    const parent = startParent(program, { killOnSignal: true });
    const lines = linesOf(parent);
    await lines.next();
    parent.kill('SIGINT');
    assert.deepEqual(await once(parent, 'close'), [null, 'SIGINT']);
  });

  test('is told to end when we are killed', { skip: process.platform !== 'linux' }, async () => {
    const parent = startParent(`
      process.on('SIGTERM', () => { console.log('told'); process.exit(); });
      setInterval(() => {}, 1000);
      console.log(process.pid);`);
    const lines = linesOf(parent);
    await lines.next();
    parent.kill('SIGKILL');
    assert.equal((await lines.next()).value, 'told');
    assert.equal((await lines.next()).done, true);
  });
});

/** A process that runs JavaScript in a child by way of `runChild`, and ends like it. */
function startParent(program: string, options: object = {}): ChildProcessWithoutNullStreams {
  const source = `
    import { endLike, runChild } from ${JSON.stringify(module)};
    const args = ['--eval', ${JSON.stringify(program)}];
    endLike(await runChild(process.execPath, args, ${JSON.stringify(options)}));`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source]);
}

function linesOf(child: ChildProcessWithoutNullStreams): AsyncIterator<string> {
  return createInterface(child.stdout)[Symbol.asyncIterator]();
}
