import type { MasterKey } from '../crypto/master-key.ts';

/** Does one job without waiting. What is in `transfer` is lost to it. */
export type JobWork<Job, Result> = (job: Job) => Done<Result>;

export interface Done<Result> {
  readonly result: Result;
  readonly transfer?: readonly ArrayBuffer[];
}

/** A kind of job. Jobs and results can be cloned into another thread. */
export interface JobProgram<Job, Result> {
  /** For messages: what it does. */
  readonly name: string;
  /** The program of a thread that does these jobs; it calls `serveJobs`. */
  readonly thread: URL;
  /** Makes what does them in this thread. */
  readonly open: (key: MasterKey) => JobWork<Job, Result>;
}

/** What a thread says. */
export type JobReport<Result> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: Result };
