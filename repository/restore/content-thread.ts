/** The program of a thread that writes restored files (see content-work.ts). */
import { serveJobs } from '../jobs/thread-program.ts';
import { openContentWork } from './content-work.ts';

serveJobs(openContentWork);
