import type { MasterKey } from '../crypto/master-key.ts';

/** Does one job without waiting. What is in `transfer` is lost to it. */
export type JobWork<Job, Result> = (job: Job) => Done<Result>;

export interface Done<Result> {
  readonly result: Result;
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * Makes what does jobs in this thread.
 * @param key of the repository whose blobs they open
 * @param targetKey of the repository that they seal blobs for, where that is another one
 */
export type OpenJobWork<Job, Result> = (key: MasterKey, targetKey?: MasterKey) => JobWork<Job, Result>;

/** Keys as they are sent to a thread. */
export interface JobKeys {
  readonly key: MasterKey;
  readonly targetKey?: MasterKey | undefined;
}

/** A kind of job. Jobs and results can be cloned into another thread. */
export interface JobProgram<Job, Result> {
  /** For messages: what it does. */
  readonly name: string;
  /** The program of a thread that does these jobs; it calls `serveJobs`. */
  readonly thread: URL;
  readonly open: OpenJobWork<Job, Result>;
}

/** What a thread says. */
export type JobReport<Result> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: Result };
