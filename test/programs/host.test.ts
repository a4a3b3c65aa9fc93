import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { captureProgram } from '../../programs/capture.ts';
import { programHost } from '../../programs/host.ts';

const skip = platform() === 'linux' ? false : 'only Linux ends programs with their parent';
const signal = new AbortController().signal;

test('kill -9 of the parent leaves no program behind', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'programs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const fifo = join(folder, 'fifo');
  await captureProgram({ command: 'mkfifo', args: [fifo], signal });
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'parent.ts'), fifo], {
    stdio: 'inherit',
  });
  const lines = createInterface({ input: createReadStream(fifo) })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'ready');
  parent.kill('SIGKILL');
  assert.equal((await lines.next()).done, true);
});

test('a program whose parent died before it could be bound to it does not start', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'programs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const dead = spawn('true');
  await once(dead, 'exit');
  const host = programHost(process.env);
  const mine = `/proc/${process.pid}/`;
  const [setpriv = '', ...words] = host
    .commandFor('/usr/bin/touch', '/')
    .map((word) => word.replace(mine, `/proc/${dead.pid}/`));
  const child = spawn(setpriv, [...words, join(folder, 'started')]);
  const [exitStatus] = await once(child, 'exit');
  assert.equal(exitStatus, 125);
  await assert.rejects(access(join(folder, 'started')), { code: 'ENOENT' });
});

test('relative folders of the search path are passed over', async () => {
  const host = programHost({ PATH: `.::bin:${process.env.PATH}`, HOME: '/nowhere' });
  const { stdout } = await captureProgram({ command: 'sh', args: ['-c', 'echo $HOME'], signal, host });
  assert.equal(stdout.toString(), '/nowhere\n');
});
