import type { LargeFile, SavedContent, SavedFile, SmallFile } from '../blobs.ts';
import type { StoredBlobs } from './lanes/lane.ts';
import type { Lanes } from './lanes/lanes.ts';
import { type FileList, type FileNote, listedFields } from './lanes/messages.ts';

const batchBytes = 1024 * 1024;
const batchFiles = 64;

/** What a file costs beside its bytes, in bytes that take as long. */
const bytesPerFile = 4 * 1024;

/** Saves small files together: each batch takes what has come together when a lane gets free. */
export class FileBatches {
  readonly #lanes: Lanes;
  /** Aborted when the writer has failed or was stopped: what lanes report from then on is not stored. */
  readonly #signal: AbortSignal;
  #waiting: SmallFile[] = [];
  #isFilling = false;

  constructor(lanes: Lanes, signal: AbortSignal) {
    this.#lanes = lanes;
    this.#signal = signal;
  }

  save(file: SmallFile): void {
    this.#waiting.push(file);
    if (this.#isFilling) return;
    this.#isFilling = true;
    // The files of this moment go together.
    setImmediate(() => void this.#fill());
  }

  async #fill(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lane = await this.#lanes.reserve();
      const batch = this.#take();
      const files = listOf(batch);
      const { stored } = lane.begin((job) => ({ kind: 'files', job, files }));
      this.#lanes.count(bytesOf(batch) + batch.length * bytesPerFile);
      stored.then(
        (blobs) => this.#finish(batch, blobs),
        (error: unknown) => {
          for (const file of batch) file.failed(error);
        },
      );
    }
    this.#isFilling = false;
  }

  #finish(batch: readonly SmallFile[], blobs: StoredBlobs): void {
    for (const [file, result] of resultsOf(batch, blobs)) {
      try {
        this.#signal.throwIfAborted();
        file.saved(result);
      } catch (error) {
        file.failed(error);
      }
    }
  }

  #take(): readonly SmallFile[] {
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

function sizeOf(file: SmallFile | undefined): number {
  return Number(file?.metadata.size ?? 0n);
}

function bytesOf(batch: readonly SmallFile[]): number {
  return batch.reduce((sum, file) => sum + sizeOf(file), 0);
}

function listOf(batch: readonly SmallFile[]): FileList {
  const paths: string[] = [];
  const listed = new BigInt64Array(batch.length * listedFields);
  const owners = new Uint32Array(batch.length);
  for (const [index, { path, metadata }] of batch.entries()) {
    const { mtimeNs, ctimeNs, size = 0n, inode = -1n, deviceId = -1n, uid } = metadata;
    paths.push(path.toString('latin1'));
    listed.set([mtimeNs, ctimeNs, size, inode, deviceId], index * listedFields);
    owners[index] = uid;
  }
  return { paths, listed, owners };
}

function* resultsOf(
  batch: readonly SmallFile[],
  blobs: StoredBlobs,
): Generator<readonly [SmallFile, SavedFile | LargeFile]> {
  const notes = new Map(blobs.files?.notes.map((note) => [note.index, note]));
  let blob = 0;
  for (const [index, file] of batch.entries()) {
    const size = blobs.files?.sizes[index] ?? 0;
    const note = notes.get(index);
    const saved = size === 0 ? emptyContent : contentOf(blobs, blob);
    if (size > 0) blob += 1;
    yield [file, resultOf(saved, note)];
  }
}

function resultOf(saved: SavedContent, note: FileNote | undefined): SavedFile | LargeFile {
  if (note === undefined) return { kind: 'stored', saved, isChanged: false };
  if (note.isLarge) return { kind: 'large' };
  if (note.skipped !== undefined) return { kind: 'skipped', reason: note.skipped };
  const { stat, isChanged = false } = note;
  return { kind: 'stored', saved, isChanged, ...(stat && { stat }) };
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
