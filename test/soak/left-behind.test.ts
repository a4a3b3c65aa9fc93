import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { leftBehind } from '../../soak/left-behind.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';

test('a child, a grandchild and a file that a row has left are told', async (t) => {
  const folder = await temporaryFolder(t);
  assert.deepEqual(await leftBehind(folder), []);
  await mkdir(join(folder, 'repository'));
  const shell = spawn('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(shell.stdout, 'data');
  const ended = once(shell, 'exit');
  try {
    const told = await leftBehind(folder);
    assert.deepEqual(
      told.toSorted(),
      [
        `the process ${Number(line)} (sleep)`,
        `the process ${shell.pid} (sh)`,
        'the temporary file repository',
      ].toSorted(),
    );
  } finally {
    process.kill(Number(line));
    shell.kill();
    await ended;
  }
});
