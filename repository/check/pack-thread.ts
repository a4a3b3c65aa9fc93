/** The program of a thread that verifies packs (see pack-work.ts). */
import { serveJobs } from '../jobs/thread-program.ts';
import { openPackWork } from './pack-work.ts';

serveJobs(openPackWork);
