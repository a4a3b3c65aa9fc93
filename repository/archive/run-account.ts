import type { SavedContent } from '../blobs.ts';
import { Pace } from '../tasks/pace.ts';
import type { ArchiveRequest } from './archive-request.ts';
import type { Place } from './place.ts';
import { type ItemChange, SummaryCounter } from './summary.ts';

/** Counts what a run does, and tells those who asked for it. */
export class RunAccount {
  readonly #request: Pick<ArchiveRequest, 'onProgress' | 'onItem' | 'onWarning'>;
  readonly counter = new SummaryCounter();
  readonly pace = new Pace(() => this.report());
  #bytesDone = 0;
  #current: Pick<Place, 'path'> = { path: '/' };

  constructor(request: Pick<ArchiveRequest, 'onProgress' | 'onItem' | 'onWarning'>) {
    this.#request = request;
  }

  /** The item under way. */
  set current(place: Pick<Place, 'path'>) {
    this.#current = place;
  }

  /** Content was read, or need not be. */
  moved(bytes: number): void {
    this.#bytesDone += bytes;
    this.pace.moved();
  }

  unmodifiedFile(place: Place, sizeBytes: bigint): void {
    this.counter.file('unmodified', sizeBytes);
    this.#bytesDone += Number(sizeBytes);
    this.#item(place, 'unmodified', sizeBytes);
  }

  storedFile(place: Place, change: ItemChange, saved: SavedContent): void {
    this.counter.content(saved);
    this.counter.file(change, saved.sizeBytes);
    this.#item(place, change, saved.sizeBytes);
  }

  folder(place: Place, change: ItemChange): void {
    this.counter.directory(change);
    this.#request.onItem?.({ path: `${place.path}/`, change, sizeBytes: 0 });
  }

  warn(subject: string, message: string): void {
    this.#request.onWarning?.({ subject, message });
  }

  report(): void {
    this.#request.onProgress?.({
      filesDone: this.counter.filesDone,
      bytesDone: this.#bytesDone,
      bytesStored: this.counter.storedBytes,
      current: this.#current.path,
    });
  }

  #item(place: Place, change: ItemChange, sizeBytes: bigint): void {
    this.#request.onItem?.({ path: place.path, change, sizeBytes: Number(sizeBytes) });
  }
}
