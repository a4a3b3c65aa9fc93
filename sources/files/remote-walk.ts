import { Worker } from 'node:worker_threads';
import { Failure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import { threadEnvironment } from '../../posix/thread-environment.ts';
import type { ArrivingEntries, Entry } from '../../repository/archive/entry.ts';
import {
  batchesAhead,
  batchesBefore,
  limitIndex,
  type WalkOrder,
  type WalkReport,
  type WalkSetup,
  waitingIndex,
} from './walk-messages.ts';
import { WalkRecord } from './walk-records.ts';
import { walkedEntry } from './walked-entry.ts';
import type { Folder } from './walker.ts';

/** Items for which starting a thread would cost more than it gains. */
export const localItems = 1000;

export interface RemoteWalkOptions {
  readonly setup: Omit<WalkSetup, 'waiting'>;
  readonly warn: (warning: Warning) => void;
  /** Items that are listed before a thread is started; 1,000 when left out. */
  readonly localItems?: number | undefined;
}

/** Garbage of a listing dies at once. */
const nurseryMegabytes = 4;

/**
 * A thread that lists folders ahead of those who store them, one folder with all below it after the other. It is
 * started when many items were listed without it.
 */
export class RemoteWalk {
  readonly #options: RemoteWalkOptions;
  readonly #waiting = new Int32Array(new SharedArrayBuffer(8));
  #items = 0;
  #thread: Worker | undefined;
  #isReady = false;
  #isAhead = false;
  /** Resolved while there is no thread. */
  #hasStarted = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  readonly #batches: Buffer[] = [];
  #onReport: () => void = () => {};
  #batch: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(options: RemoteWalkOptions) {
    this.#options = options;
    this.#hasStarted.resolve();
    Atomics.store(this.#waiting, limitIndex, batchesBefore);
  }

  /** Starts the thread at once. It lists what it is asked for from when it runs. */
  start(): void {
    this.#isAhead = true;
    if (!this.#thread) this.#start();
  }

  /** Whether it was started to list all. */
  get isAhead(): boolean {
    return this.#isAhead;
  }

  /** Waits until the thread runs. */
  async ready(): Promise<void> {
    while (!this.#isReady) await this.#nextReport();
  }

  /** Counts an item that was listed here. */
  count(): void {
    this.#items += 1;
    if (this.#items > (this.#options.localItems ?? localItems) && !this.#thread) this.#start();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** The entries of a folder, listed by the thread. The folder has no targets and no ignore files. */
  list({ path, names, stat, device }: Folder): ArrivingEntries {
    const identity = stat && { ino: stat.ino, dev: stat.dev };
    const order: WalkOrder = { path, names, stat: identity, device };
    this.#thread?.postMessage(order);
    return this.#entries(path);
  }

  /** Ends the thread; safe to repeat. One that is ended while it loads a native library can take the process with it. */
  async close(): Promise<void> {
    await this.#hasStarted.promise;
    await this.#thread?.terminate();
  }

  /** To be read to its end, as the entries of each folder in it, before anything else is asked for. */
  #entries(path: string): ArrivingEntries {
    const takeArrived = (): Entry | undefined => this.#takeArrived(path);
    return { takeArrived, [Symbol.asyncIterator]: () => ({ next: () => this.#next(path) }) };
  }

  async #next(path: string): Promise<IteratorResult<Entry, undefined>> {
    for (;;) {
      const entry = this.#takeArrived(path);
      if (entry) return { done: false, value: entry };
      if (this.#position < this.#batch.length) {
        // The mark at the end of the folder.
        this.#position = new WalkRecord(this.#batch, this.#position).end;
        return { done: true, value: undefined };
      }
      await this.#takeBatch();
    }
  }

  /** The next entry of the folder, unless a batch is to be waited for or the folder is at its end. */
  #takeArrived(path: string): Entry | undefined {
    while (this.#position < this.#batch.length || this.#nextBatch()) {
      const record = new WalkRecord(this.#batch, this.#position);
      if (record.kind === 'end') return undefined;
      this.#position = record.end;
      if (record.kind !== 'warning') return this.#entryOf(record, path);
      this.#options.warn(JSON.parse(record.json.toString()));
    }
    return undefined;
  }

  #entryOf(record: WalkRecord, path: string): Entry {
    return walkedEntry(record, path, (below) => this.#entries(below));
  }

  async #takeBatch(): Promise<void> {
    while (!this.#nextBatch()) await this.#nextReport();
  }

  /** Goes on to the next batch, if it has arrived. */
  #nextBatch(): boolean {
    const batch = this.#batches.shift();
    if (!batch) return false;
    this.#batch = batch;
    this.#position = 0;
    Atomics.store(this.#waiting, limitIndex, batchesAhead);
    const left = Atomics.sub(this.#waiting, waitingIndex, 1) - 1;
    if (2 * left <= batchesAhead) Atomics.notify(this.#waiting, waitingIndex);
    return true;
  }

  async #nextReport(): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    await new Promise<void>((resolve) => {
      this.#onReport = resolve;
    });
  }

  #start(): void {
    const waiting = this.#waiting.buffer;
    const thread = new Worker(new URL('walk-thread.ts', import.meta.url), {
      workerData: { ...this.#options.setup, waiting },
      env: threadEnvironment(),
      name: 'walk',
      resourceLimits: { maxYoungGenerationSizeMb: nurseryMegabytes },
    });
    thread.on('message', (report: WalkReport) => this.#take(report));
    thread.on('error', (error) => this.#fail(crashed(String(error), error)));
    thread.on('exit', (code) => this.#fail(crashed(`it ended with code ${code}`)));
    this.#thread = thread;
    this.#hasStarted = Promise.withResolvers();
  }

  #take(report: WalkReport): void {
    switch (report.kind) {
      case 'ready':
        this.#isReady = true;
        this.#hasStarted.resolve();
        this.#onReport();
        return;
      case 'batch':
        this.#batches.push(Buffer.from(report.batch.buffer));
        this.#onReport();
        return;
      case 'failed': {
        const { type, message, advice } = report;
        this.#fail(new Failure(type, message, advice === undefined ? {} : { advice }));
      }
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#hasStarted.resolve();
    this.#onReport();
  }
}

function crashed(why: string, cause?: unknown): Failure {
  return new Failure('Internal', `A thread that lists files has failed: ${why}`, { cause });
}
