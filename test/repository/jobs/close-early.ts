/** Closes pools at every moment of the start of their threads. Prints `fine` when it has outlived that. */
import { setTimeout as delay } from 'node:timers/promises';
import { randomMasterKey } from '../../../repository/crypto/master-key.ts';
import { JobPool } from '../../../repository/jobs/job-pool.ts';
import { contentProgram } from '../../../repository/restore/content-work.ts';

const key = randomMasterKey();
const enoughForThreads = 9 * 1024 * 1024;
for (let ms = 0; ms < 100; ms += 4) {
  const pool = new JobPool(contentProgram, { key }, 1);
  pool.expect(enoughForThreads);
  await delay(ms);
  await pool.close();
}
process.stdout.write('fine');
