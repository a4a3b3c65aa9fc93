import { Failure } from '../../../contracts/failures.ts';
import { HeaderBlobs } from '../../pack/header.ts';
import type { FinishedPack } from '../pack-uploads.ts';
import type { LaneListener, LanePort } from './lane-port.ts';
import type { FilesRead, LaneOrder, LaneReport, SharedBuffer } from './messages.ts';

/** Jobs of a lane at the same time: one that is read, one that is stored, and one between them. */
const jobsInFlight = 3;

/** The blobs of a job, in turn. */
export interface StoredBlobs {
  readonly ids: readonly string[];
  /** Bytes of each plaintext. */
  readonly sizes: Uint32Array;
  /** Bytes of each in its pack; 0 when the repository, or this run, had it already. */
  readonly lengths: Uint32Array;
  readonly files: FilesRead | undefined;
}

export interface Cut {
  /** 0 when there was nothing more. */
  readonly length: number;
  readonly isEnd: boolean;
}

/** A job under way. Its promises may be left alone. */
export interface LaneJob {
  /**
   * Of a job that cuts: where the next chunk begins.
   * @throws {UnreadableError}
   */
  readonly cut: Promise<Cut>;
  readonly stored: Promise<StoredBlobs>;
}

/** The file itself could not be read; the message is why. */
export class UnreadableError extends Error {}

export interface LaneEvents {
  /** Tells which of a job's blobs are to be stored: 1 for each that is. */
  claim(ids: readonly string[]): Uint8Array;
  /** Memory for a pack; rejects when the writer is at its end. */
  takePackMemory(): Promise<Buffer>;
  givePackMemory(memory: Buffer): void;
  /** A pack to be stored. `release` is to be called when that is done. */
  onPack(pack: FinishedPack, release: () => void): void;
  onFailure(error: unknown): void;
}

/** Content to store: what is wanted of the lane under the number of a job. */
export type LaneContent = (job: number, lane: Lane) => LaneOrder;

interface Pending {
  readonly cut: PromiseWithResolvers<Cut>;
  readonly stored: PromiseWithResolvers<StoredBlobs>;
  ids: readonly string[];
  files: FilesRead | undefined;
}

/** Keeps account of the jobs of one lane. */
export class Lane {
  readonly #events: LaneEvents;
  readonly #onFree: () => void;
  readonly #port: LanePort;
  readonly #jobs = new Map<number, Pending>();
  readonly #flushes = new Map<number, PromiseWithResolvers<void>>();
  readonly #shared: SharedArrayBuffer[] = [];
  /** Memory that was lent for packs, by its number. */
  readonly #packs = new Map<number, Buffer>();
  #freeJobs = jobsInFlight;
  #lastJob = 0;
  #isReady: boolean;
  #end: { readonly reason: unknown } | undefined;

  /** @param options.isReady false for a lane that reports when it has started */
  constructor(
    open: (listener: LaneListener) => LanePort,
    events: LaneEvents,
    options: { readonly onFree: () => void; readonly isReady: boolean },
  ) {
    this.#events = events;
    this.#onFree = options.onFree;
    this.#isReady = options.isReady;
    this.#port = open({
      onReport: (report) => this.#take(report),
      onCrash: (error) => this.#fail(laneFailure(String(error), { cause: error })),
    });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Jobs that it can take now. */
  get freeJobs(): number {
    return this.#freeJobs;
  }

  /** Takes a place for a job that is begun later. */
  reserve(): void {
    this.#freeJobs -= 1;
  }

  /** Begins a job for which a place was reserved. */
  begin(content: LaneContent): LaneJob {
    const job = ++this.#lastJob;
    const pending: Pending = {
      cut: Promise.withResolvers(),
      stored: Promise.withResolvers(),
      ids: [],
      files: undefined,
    };
    for (const { promise } of [pending.cut, pending.stored]) promise.catch(() => {});
    this.#jobs.set(job, pending);
    if (this.#end) this.#rejectAll(this.#end.reason);
    else this.#order(content(job, this));
    return { cut: pending.cut.promise, stored: pending.stored.promise };
  }

  /** A buffer in shared memory, as it is to be sent to this lane. */
  share(memory: SharedArrayBuffer): SharedBuffer {
    const number = this.#shared.indexOf(memory);
    if (number >= 0) return { number };
    return { number: this.#shared.push(memory) - 1, memory };
  }

  /** Closes the open pack. */
  flush(): Promise<void> {
    if (this.#end) return Promise.reject(this.#end.reason);
    const job = ++this.#lastJob;
    const flushed = Promise.withResolvers<void>();
    this.#flushes.set(job, flushed);
    this.#order({ kind: 'flush', job });
    return flushed.promise;
  }

  /** Ends the lane where it stands. Its jobs reject when it does not touch their files any more. */
  async close(reason: unknown): Promise<void> {
    this.#end ??= { reason };
    await this.#port.close();
    this.#rejectAll(this.#end.reason);
  }

  #order(order: LaneOrder): void {
    this.#port.order(order);
    this.#port.setBusy(true);
  }

  #take(report: LaneReport): void {
    switch (report.kind) {
      case 'ready':
        this.#isReady = true;
        this.#onFree();
        return;
      case 'cut':
        this.#jobs.get(report.job)?.cut.resolve({ length: report.length, isEnd: report.isEnd });
        return;
      case 'unreadable':
        this.#reject(report.job, new UnreadableError(report.reason));
        return;
      case 'read':
        this.#claim(report);
        return;
      case 'stored':
        this.#resolve(report);
        return;
      case 'room':
        void this.#lendMemory();
        return;
      case 'pack':
        this.#takePack(report);
        return;
      case 'flushed':
        this.#flushes.get(report.job)?.resolve();
        this.#flushes.delete(report.job);
        this.#rest();
        return;
      case 'failed':
        this.#fail(laneFailure(report.message, report));
    }
  }

  #claim({ job, ids, files }: Extract<LaneReport, { readonly kind: 'read' }>): void {
    const pending = this.#jobs.get(job);
    if (!pending) return;
    pending.ids = ids;
    pending.files = files;
    this.#port.order({ kind: 'store', job, wanted: this.#events.claim(ids) });
  }

  #resolve({ job, lengths, sizes }: Extract<LaneReport, { readonly kind: 'stored' }>): void {
    const pending = this.#jobs.get(job);
    if (!pending) return;
    const { ids, files } = pending;
    pending.stored.resolve({ ids, files, sizes, lengths });
    this.#forget(job);
  }

  async #lendMemory(): Promise<void> {
    let memory: Buffer;
    try {
      memory = await this.#events.takePackMemory();
    } catch (error) {
      // The writer is at its end. Without memory the jobs would never come to theirs.
      await this.close(error);
      return;
    }
    if (this.#end || !(memory.buffer instanceof SharedArrayBuffer)) {
      this.#events.givePackMemory(memory);
      return;
    }
    const buffer = this.share(memory.buffer);
    this.#packs.set(buffer.number, memory);
    this.#port.order({ kind: 'room', buffer });
  }

  #takePack(report: Extract<LaneReport, { readonly kind: 'pack' }>): void {
    const { id, header, buffer, length } = report;
    const blobs = HeaderBlobs.in(Buffer.from(header.buffer, header.byteOffset, header.length));
    if (!blobs) {
      this.#fail(laneFailure('it made a pack with a header of no known form', {}));
      return;
    }
    const memory = this.#packs.get(buffer);
    this.#packs.delete(buffer);
    if (!memory) {
      this.#fail(laneFailure('it made a pack in memory that it was not given', {}));
      return;
    }
    const release = () => this.#events.givePackMemory(memory);
    this.#events.onPack({ id, blobs, bytes: memory.subarray(0, length) }, release);
  }

  #fail(error: unknown): void {
    this.#end ??= { reason: error };
    this.#events.onFailure(error);
    this.#rejectAll(error);
    void this.#port.close();
  }

  #rejectAll(reason: unknown): void {
    for (const flushed of this.#flushes.values()) flushed.reject(reason);
    this.#flushes.clear();
    for (const job of [...this.#jobs.keys()]) this.#reject(job, reason);
  }

  #reject(job: number, reason: unknown): void {
    const pending = this.#jobs.get(job);
    pending?.cut.reject(reason);
    pending?.stored.reject(reason);
    if (pending) this.#forget(job);
  }

  #forget(job: number): void {
    this.#jobs.delete(job);
    this.#freeJobs += 1;
    this.#rest();
    this.#onFree();
  }

  #rest(): void {
    if (this.#jobs.size === 0 && this.#flushes.size === 0) this.#port.setBusy(false);
  }
}

/** The failure of a writer whose lane has failed. */
function laneFailure(message: string, { advice, cause }: { advice?: string; cause?: unknown }): Failure {
  const text = `A thread that stores content has failed: ${message}`;
  return new Failure('Internal', text, { cause, ...(advice !== undefined && { advice }) });
}
