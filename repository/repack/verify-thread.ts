/** The program of a thread that verifies blobs which are to be copied (see verify-job.ts). */
import { serveJobs } from '../jobs/thread-program.ts';
import { openVerifyWork } from './verify-job.ts';

serveJobs(openVerifyWork);
