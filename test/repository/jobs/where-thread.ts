/** The program of a thread that tells where a job was done, for job-pool.test.ts. */
import { writeFileSync } from 'node:fs';
import { serveJobs } from '../../../repository/jobs/thread-program.ts';

serveJobs(() => () => ({ result: 'thread' }));
writeFileSync(process.env.RESGUARDO_TEST_READY ?? '', '');
