import { Worker } from 'node:worker_threads';
import { Failure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import { threadEnvironment } from '../../posix/thread-environment.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import type { WalkOrder, WalkReport, WalkSetup } from './walk-messages.ts';
import { WalkRecord } from './walk-records.ts';
import { walkedEntry } from './walked-entry.ts';
import type { Folder } from './walker.ts';

/** Items for which starting a thread would cost more than it gains. */
const localItems = 1000;

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
  readonly #waiting = new Int32Array(new SharedArrayBuffer(4));
  #items = 0;
  #thread: Worker | undefined;
  #isReady = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #batches: Buffer[] = [];
  #onReport: () => void = () => {};
  #batch: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(options: RemoteWalkOptions) {
    this.#options = options;
  }

  /** Starts the thread at once; resolves when it runs. */
  async start(): Promise<void> {
    this.#start();
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
  list({ path, names, stat, device }: Folder): AsyncIterable<Entry> {
    const identity = stat && { ino: stat.ino, dev: stat.dev };
    const order: WalkOrder = { path, names, stat: identity, device };
    this.#thread?.postMessage(order);
    return this.#entries(path);
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  /** To be read to its end, as the entries of each folder in it, before anything else is asked for. */
  #entries(path: string): AsyncIterable<Entry> {
    return {
      [Symbol.asyncIterator]: () => ({ next: () => this.#next(path) }),
    };
  }

  /** No generator: an item for which there is nothing to wait should cost no more than a promise. */
  #next(path: string): Promise<IteratorResult<Entry, undefined>> {
    if (this.#position === this.#batch.length) return this.#takeBatch().then(() => this.#next(path));
    const record = new WalkRecord(this.#batch, this.#position);
    this.#position = record.end;
    switch (record.kind) {
      case 'end':
        return Promise.resolve({ done: true, value: undefined });
      case 'warning':
        this.#options.warn(JSON.parse(record.json.toString()));
        return this.#next(path);
      default:
        return Promise.resolve({ done: false, value: this.#entryOf(record, path) });
    }
  }

  #entryOf(record: WalkRecord, path: string): Entry {
    return walkedEntry(record, path, (below) => this.#entries(below));
  }

  async #takeBatch(): Promise<void> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch) {
        this.#batch = batch;
        this.#position = 0;
        Atomics.sub(this.#waiting, 0, 1);
        Atomics.notify(this.#waiting, 0);
        return;
      }
      await this.#nextReport();
    }
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
  }

  #take(report: WalkReport): void {
    switch (report.kind) {
      case 'ready':
        this.#isReady = true;
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
    this.#onReport();
  }
}

function crashed(why: string, cause?: unknown): Failure {
  return new Failure('Internal', `A thread that lists files has failed: ${why}`, { cause });
}
