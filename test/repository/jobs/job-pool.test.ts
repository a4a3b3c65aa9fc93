import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { randomMasterKey } from '../../../repository/crypto/master-key.ts';
import { JobPool } from '../../../repository/jobs/job-pool.ts';
import type { JobProgram } from '../../../repository/jobs/job-work.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('close-early.ts', import.meta.url));

test('a pool that is closed while its threads start ends them, and not the process', async () => {
  // A crash ends the process by a signal.
  const { stdout } = await execute(process.execPath, [program]);
  assert.equal(stdout, 'fine');
});

test('what waits while the threads start is given to them as soon as one is ready', async (t) => {
  const ready = join(await temporaryFolder(t), 'ready');
  process.env.RESGUARDO_TEST_READY = ready;
  t.after(() => delete process.env.RESGUARDO_TEST_READY);
  const where: JobProgram<number, string> = {
    name: 'where',
    thread: new URL('where-thread.ts', import.meta.url),
    // As long as it takes for a thread to be ready: a pack that is verified here takes about as long.
    open: () => () => {
      const pause = new Int32Array(new SharedArrayBuffer(4));
      while (!existsSync(ready)) Atomics.wait(pause, 0, 0, 5);
      return { result: 'here' };
    },
  };
  const pool = new JobPool(where, { key: randomMasterKey() }, 2);
  try {
    pool.expect(1024 * 1024 * 1024);
    const jobs = [1, 2, 3, 4].map((job) => pool.start(() => ({ job })));
    const places = await Promise.all(jobs.map(async (job) => (await job).result));
    assert.deepEqual(places, ['here', 'thread', 'thread', 'thread']);
  } finally {
    // Before its folder is removed: a thread that is late writes into it.
    await pool.close();
  }
});
