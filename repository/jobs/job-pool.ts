import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Failure } from '../../contracts/failures.ts';
import { Slots } from '../tasks/slots.ts';
import { startThread } from './job-thread.ts';
import type { JobKeys, JobProgram, JobReport } from './job-work.ts';

/** Bytes for which starting threads would cost more than it gains. */
const localBytes = 8 * 1024 * 1024;

const leastThreads = 2;
const mostThreads = 8;

/** A job and what is given away with it. */
export interface PreparedJob<Job> {
  readonly job: Job;
  readonly transfer?: readonly ArrayBuffer[];
}

export interface JobSize {
  /** Bytes that are worth starting threads for. */
  readonly bytes: number;
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does jobs on all processors: the first megabytes in this thread, then in one thread for each processor. The jobs
 * under way are few, so that memory is bounded: further callers wait for their turn before they read anything.
 */
export class JobPool<Job, Result> {
  readonly #program: JobProgram<Job, Result>;
  readonly #keys: JobKeys;
  readonly #slots: Slots;
  readonly #local: (job: Job) => Result;
  #threads: readonly JobThread<Job, Result>[] = [];
  #lastTurn: Promise<void> = Promise.resolve();
  #bytes = 0;

  /** @param jobsAhead jobs that are read or wait while each processor does one */
  constructor(program: JobProgram<Job, Result>, keys: JobKeys, jobsAhead: number) {
    this.#program = program;
    this.#keys = keys;
    this.#slots = new Slots(threadCount() + jobsAhead);
    let open: ((job: Job) => Result) | undefined;
    this.#local = (job) => {
      if (!open) {
        const work = program.open(keys.key, keys.targetKey);
        open = (next) => work(next).result;
      }
      return open(job);
    };
  }

  /** Counts bytes that are worth starting threads for. */
  expect(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= localBytes || this.#threads.length > 0) return;
    this.#threads = Array.from({ length: threadCount() }, () => new JobThread(this.#program, this.#keys));
  }

  /**
   * Waits for its turn, then prepares a job and begins it. The result comes in an object, so that it is not awaited.
   * @throws {Failure} Internal from the result when a thread crashes
   */
  async start(
    prepare: () => Promise<PreparedJob<Job>> | PreparedJob<Job>,
  ): Promise<{ readonly result: Promise<Result> }> {
    await this.#slots.acquire();
    const result = this.#run(prepare).finally(() => this.#slots.release());
    // Whoever awaits it sees its error.
    result.catch(() => {});
    return { result };
  }

  /**
   * Ends the threads where they stand, once they have started; jobs under way reject. They touch nothing any more
   * when it resolves.
   */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #run(prepare: () => Promise<PreparedJob<Job>> | PreparedJob<Job>): Promise<Result> {
    const { job, transfer = [] } = await prepare();
    if (!this.#freest()) await this.#localTurn();
    // Threads may have become ready meanwhile.
    const thread = this.#freest();
    return thread ? await thread.run(job, transfer) : this.#local(job);
  }

  #freest(): JobThread<Job, Result> | undefined {
    const ready = this.#threads.filter(({ isReady }) => isReady);
    return ready.sort((a, b) => a.jobs - b.jobs)[0];
  }

  /** Jobs in this thread are done one by one; messages of threads, and other work of the process, come between. */
  #localTurn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#lastTurn;
  }
}

/** One thread and the jobs that it was given. It does them in turn. */
class JobThread<Job, Result> {
  readonly #thread: Worker;
  readonly #waiting: Waiting<Result>[] = [];
  readonly #started = Promise.withResolvers<void>();
  #failure: Failure | undefined;
  isReady = false;

  constructor(program: JobProgram<Job, Result>, keys: JobKeys) {
    this.#thread = startThread(program.thread, { name: program.name, data: keys });
    this.#thread.on('message', (report: JobReport<Result>) => this.#take(report));
    this.#thread.on('error', (error) => this.#fail(program.name, error));
    this.#thread.on('exit', (code) => this.#fail(program.name, new Error(`it ended with code ${code}`)));
  }

  /** Under way. */
  get jobs(): number {
    return this.#waiting.length;
  }

  run(job: Job, transfer: readonly ArrayBuffer[]): Promise<Result> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#thread.postMessage(job, transfer);
      this.#thread.ref();
    });
  }

  /** A thread that is ended while it loads a native library takes the whole process with it. */
  async close(): Promise<void> {
    this.#thread.ref();
    await this.#started.promise;
    await this.#thread.terminate();
  }

  #take(report: JobReport<Result>): void {
    if (report.kind === 'ready') {
      this.isReady = true;
      this.#started.resolve();
      return;
    }
    this.#waiting.shift()?.resolve(report.result);
    if (this.#waiting.length === 0) this.#thread.unref();
  }

  #fail(name: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#failure ??= new Failure('Internal', `A thread that does "${name}" has failed: ${why}`, {
      cause: error,
    });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    this.#started.resolve();
  }
}

function threadCount(): number {
  return Math.min(mostThreads, Math.max(leastThreads, availableParallelism()));
}
