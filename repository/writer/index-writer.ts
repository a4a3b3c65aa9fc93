import { freeMemory } from '../free-memory.ts';
import type { ListedPack } from '../index/blob-index.ts';
import { encodeIndex, fullIndexBlobs } from '../index/index-file.ts';
import type { SealedFiles } from '../sealed-files.ts';

/** Collects stored packs and writes index files of them, one at a time. */
export class IndexWriter {
  readonly #files: SealedFiles;
  #packs: ListedPack[] = [];
  #blobCount = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(files: SealedFiles) {
    this.#files = files;
  }

  /** The pack must be stored for good: an index must not name what a crash can still lose. */
  add(pack: ListedPack): void {
    this.#packs.push(pack);
    this.#blobCount += pack.blobs.length;
  }

  get isFull(): boolean {
    return this.#blobCount >= fullIndexBlobs;
  }

  /** Writes an index file of the packs that no earlier one names, if there are any. */
  write(signal?: AbortSignal): Promise<void> {
    const written = this.#writing.then(() => this.#write(signal));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async settle(): Promise<void> {
    await this.#writing;
  }

  async #write(signal: AbortSignal | undefined): Promise<void> {
    while (this.#packs.length > 0) {
      const packs = this.#take();
      try {
        const json = encodeIndex(packs);
        await this.#files.save('index', json, signal);
        freeMemory(json);
      } catch (error) {
        for (const pack of packs) this.add(pack);
        throw error;
      }
    }
  }

  /** Packs for one index file; adopted ones can be more than one file takes. */
  #take(): readonly ListedPack[] {
    let blobs = 0;
    const end = this.#packs.findIndex((pack) => {
      blobs += pack.blobs.length;
      return blobs >= fullIndexBlobs;
    });
    const taken = this.#packs.splice(0, end < 0 ? this.#packs.length : end + 1);
    this.#blobCount -= taken.reduce((sum, pack) => sum + pack.blobs.length, 0);
    return taken;
  }
}
