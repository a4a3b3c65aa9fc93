import type { FileToSave, SavedContent, SavedFile } from '../blobs.ts';
import type { StoredBlobs } from './lanes/lane.ts';
import type { Lanes } from './lanes/lanes.ts';
import { type FileList, listedFields } from './lanes/messages.ts';

const batchBytes = 1024 * 1024;
const batchFiles = 64;

/** A file that has grown too large for a batch, and is to be saved alone. */
export interface LargeFile {
  readonly kind: 'large';
}

interface Waiting {
  readonly file: FileToSave;
  readonly result: PromiseWithResolvers<SavedFile | LargeFile>;
}

/** Saves small files together: each batch takes what has come together when a lane gets free. */
export class FileBatches {
  readonly #lanes: Lanes;
  #waiting: Waiting[] = [];
  #isFilling = false;

  constructor(lanes: Lanes) {
    this.#lanes = lanes;
  }

  save(file: FileToSave): Promise<SavedFile | LargeFile> {
    const waiting = { file, result: Promise.withResolvers<SavedFile | LargeFile>() };
    this.#waiting.push(waiting);
    if (!this.#isFilling) {
      this.#isFilling = true;
      // The files of this moment go together.
      setImmediate(() => void this.#fill());
    }
    return waiting.result.promise;
  }

  async #fill(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lane = await this.#lanes.reserve();
      const batch = this.#take();
      const files = listOf(batch);
      const { stored } = lane.begin((job) => ({ kind: 'files', job, files }));
      this.#lanes.count(bytesOf(batch));
      stored.then(
        (blobs) => resolveAll(batch, blobs),
        (error: unknown) => {
          for (const { result } of batch) result.reject(error);
        },
      );
    }
    this.#isFilling = false;
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < batchFiles && count < this.#waiting.length) {
      bytes += sizeOf(this.#waiting[count]);
      if (bytes > batchBytes && count > 0) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

function sizeOf(waiting: Waiting | undefined): number {
  return Number(waiting?.file.metadata.size ?? 0n);
}

function bytesOf(batch: readonly Waiting[]): number {
  return batch.reduce((sum, waiting) => sum + sizeOf(waiting), 0);
}

function listOf(batch: readonly Waiting[]): FileList {
  const paths: string[] = [];
  const listed = new BigInt64Array(batch.length * listedFields);
  const owners = new Uint32Array(batch.length);
  for (const [index, { file }] of batch.entries()) {
    const { mtimeNs, ctimeNs, size = 0n, inode = -1n, deviceId = -1n, uid } = file.metadata;
    paths.push(file.path.toString('latin1'));
    listed.set([mtimeNs, ctimeNs, size, inode, deviceId], index * listedFields);
    owners[index] = uid;
  }
  return { paths, listed, owners };
}

function resolveAll(batch: readonly Waiting[], blobs: StoredBlobs): void {
  const notes = new Map(blobs.files?.notes.map((note) => [note.index, note]));
  let blob = 0;
  for (const [index, { result }] of batch.entries()) {
    const size = blobs.files?.sizes[index] ?? 0;
    const note = notes.get(index);
    const saved = size === 0 ? emptyContent : contentOf(blobs, blob);
    if (size > 0) blob += 1;
    if (note?.isLarge) result.resolve({ kind: 'large' });
    else if (note?.skipped !== undefined) result.resolve({ kind: 'skipped', reason: note.skipped });
    else {
      const stat = note?.stat;
      result.resolve({ kind: 'stored', saved, isChanged: note?.isChanged ?? false, ...(stat && { stat }) });
    }
  }
}

const emptyContent: SavedContent = { content: [], sizeBytes: 0n, newBlobs: 0, addedBytes: 0, storedBytes: 0 };

function contentOf({ ids, sizes, lengths }: StoredBlobs, blob: number): SavedContent {
  const size = sizes[blob] ?? 0;
  const storedBytes = lengths[blob] ?? 0;
  const isNew = storedBytes > 0;
  return {
    content: [ids[blob] ?? ''],
    sizeBytes: BigInt(size),
    newBlobs: isNew ? 1 : 0,
    addedBytes: isNew ? size : 0,
    storedBytes,
  };
}
