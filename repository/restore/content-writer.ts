import { Failure, isFailure } from '../../contracts/failures.ts';
import type { PackedBlobReader } from '../blobs.ts';
import { ownMemory } from '../free-memory.ts';
import { shortId } from '../ids.ts';
import type { JobPool, PreparedJob } from '../jobs/job-pool.ts';
import { damagedPack } from '../pack/pack-reader.ts';
import { type ContentJob, type ContentResult, fromSystemError } from './content-job.ts';
import type { ContentPart } from './content-parts.ts';
import {
  batchesOf,
  type ContentBatch,
  type ContentItem,
  type ContentTarget,
  type PlannedJob,
  planJob,
} from './content-window.ts';
import { contentProgram } from './content-work.ts';
import type { MetadataProblem } from './metadata.ts';

/** Items that are put in the order of their packs together: what a restore knows ahead, in some 4 MB. */
const windowItems = 2048;
const windowBytes = 64 * 1024 * 1024;
/** Open files and folders that wait for a window. */
const windowDescriptors = 256;

const jobsAhead = 4;
/** What making a file is worth in bytes, to decide whether threads are. */
const fileCostBytes = 16 * 1024;

/** Something under way, in an object, so that it is not awaited. */
export interface Writing {
  /** Rejects with damage of the repository, errors of the system and of the store as they are. */
  readonly written: Promise<readonly MetadataProblem[]>;
}

/**
 * Writes content in the order in which it lies in packs, not in that of the files: what is wanted is gathered for
 * a while, then read pack by pack, and opened and written on all processors. A blob is read once for all files of
 * a window that have it.
 */
export class ContentWriter {
  readonly #reader: PackedBlobReader;
  readonly #signal: AbortSignal;
  readonly #pool: JobPool<ContentJob, ContentResult>;
  readonly #onBytes: (bytes: number) => void;
  #window: ContentItem[] = [];
  #windowBytes = 0;
  #descriptors = 0;
  #submitting: Promise<void> = Promise.resolve();
  readonly #onAbort = (): void => this.#rejectAll(this.#window.splice(0), this.#signal.reason);

  constructor(reader: PackedBlobReader, signal: AbortSignal, onBytes: (bytes: number) => void) {
    this.#reader = reader;
    this.#signal = signal;
    this.#pool = reader.openJobs(contentProgram, jobsAhead);
    this.#onBytes = onBytes;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Counts a file or folder that stays open until what was added for it is written. */
  countDescriptor(): void {
    this.#descriptors += 1;
  }

  /** Waits until there is room for it, and takes over to write a blob; an empty file has none. */
  async add(part: ContentPart | undefined, target: ContentTarget): Promise<Writing> {
    const isFull = this.#window.length >= windowItems || this.#windowBytes >= windowBytes;
    if (isFull || this.#descriptors >= windowDescriptors) await this.#flush();
    const written = Promise.withResolvers<readonly MetadataProblem[]>();
    written.promise.catch(() => {});
    const blob = part && this.#reader.locate('data', part.id)[0];
    const item: ContentItem = { blob, target, written, attempts: 1 };
    if (part && !blob) written.reject(unknownBlob(part.id));
    else if (this.#signal.aborted) written.reject(this.#signal.reason);
    else this.#window.push(item);
    this.#windowBytes += blob?.length ?? 0;
    return { written: written.promise };
  }

  /** Begins to write everything that was added. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#submitting;
  }

  /** To be called when nothing is under way any more. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    await this.#pool.close();
  }

  /** Begins to write the window, and waits until all of the window before is under way. */
  #flush(): Promise<void> {
    const items = this.#window;
    [this.#window, this.#windowBytes, this.#descriptors] = [[], 0, 0];
    const before = this.#submitting;
    this.#submitting = before.then(() => this.#submit(items));
    return before;
  }

  /** Never rejects. */
  async #submit(items: readonly ContentItem[]): Promise<void> {
    for (const batch of batchesOf(items)) await this.#begin(batch);
  }

  async #begin(batch: ContentBatch): Promise<void> {
    const plan = planJob(batch);
    const bytes = plan.runs.reduce((sum, { offset, end }) => sum + end - offset, 0);
    this.#pool.expect(bytes + plan.files.length * fileCostBytes);
    const { result } = await this.#pool.start(() => this.#prepare(plan));
    result.then(
      (done) => this.#settle(plan, done),
      (error: unknown) => this.#fail(batch, error),
    );
  }

  async #prepare({ job, runs }: PlannedJob): Promise<PreparedJob<ContentJob>> {
    this.#signal.throwIfAborted();
    const loaded = await Promise.all(
      runs.map(async ({ offset, end }) => {
        const range = { offset, length: end - offset };
        const bytes = await this.#reader.loadRange(job.pack, range, this.#signal);
        if (!bytes) throw damagedPack(job.pack, 'it is missing');
        return { offset, bytes: ownMemory(bytes) };
      }),
    );
    return { job: { ...job, runs: loaded }, transfer: loaded.map(({ bytes }) => bytes.buffer) };
  }

  #settle({ blobs, files, parts }: PlannedJob, done: ContentResult): void {
    const errors = new Map<ContentItem | undefined, unknown>();
    for (const [file, error] of done.failedFiles) errors.set(files[file], fromSystemError(error));
    for (const [part, error] of done.failedParts) errors.set(parts[part], fromSystemError(error));
    const damaged = new Map(done.damaged.map(([number, message]) => [blobs[number]?.offset, message]));
    const problems = Map.groupBy(done.problems, ({ file }) => files[file]);
    for (const item of [...files, ...parts]) {
      const damage = item.blob && damaged.get(item.blob.offset);
      if (damage !== undefined) {
        this.#tryElsewhere(item, new Failure('RepositoryDamaged', damage));
      } else if (errors.has(item)) item.written.reject(errors.get(item));
      else {
        const { blob } = item;
        if (blob) this.#onBytes(this.#reader.blobSize('data', blob.id) ?? 0);
        const found = problems.get(item) ?? [];
        item.written.resolve(found.map(({ part, error }) => ({ part, error: fromSystemError(error) })));
      }
    }
  }

  /** A pack that ends too early may still have most of the blobs, so each is tried alone. */
  #fail({ pack, items }: ContentBatch, error: unknown): void {
    if (!isFailure(error, 'RepositoryDamaged')) this.#rejectAll(items, error);
    else if (items.length === 1) for (const item of items) this.#tryElsewhere(item, error);
    else for (const item of items) void this.#begin({ pack, items: [item] });
  }

  /** A blob may lie in another pack too. */
  #tryElsewhere(item: ContentItem, damage: Failure): void {
    const blob = item.blob && this.#reader.locate('data', item.blob.id)[item.attempts];
    if (!blob) item.written.reject(damage);
    else void this.#begin({ pack: blob.pack, items: [{ ...item, blob, attempts: item.attempts + 1 }] });
  }

  #rejectAll(items: readonly ContentItem[], reason: unknown): void {
    for (const { written } of items) written.reject(reason);
  }
}

function unknownBlob(id: string): Failure {
  return new Failure('RepositoryDamaged', `No index names the data blob ${shortId(id)}.`);
}
