import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { isFailure } from '../../contracts/failures.ts';
import { loadPosixCalls, type PosixCalls } from '../../posix/calls.ts';
import { BlobOpener } from '../blob-opener.ts';
import type { MasterKey } from '../crypto/master-key.ts';
import { Sealing } from '../crypto/sealing.ts';
import { freeMemory } from '../free-memory.ts';
import type { JobProgram, JobWork } from '../jobs/job-work.ts';
import type { PackedBlob } from '../pack/header.ts';
import {
  type ContentJob,
  type ContentResult,
  type FileColumns,
  type FileProblem,
  noBlob,
  ownerFields,
  placeFields,
  type SystemError,
  timeFields,
  toSystemError,
} from './content-job.ts';
import { applyMetadata, type RestoredMetadata } from './metadata.ts';

/** Writes content of files: in threads, or in this one. */
export const contentProgram: JobProgram<ContentJob, ContentResult> = {
  name: 'restore',
  thread: new URL('content-thread.ts', import.meta.url),
  open: openContentWork,
};

export function openContentWork(key: MasterKey): JobWork<ContentJob, ContentResult> {
  const opener = new BlobOpener(new Sealing(key));
  const calls = loadPosixCalls();
  return (job) => ({ result: new ContentWork(job, opener, calls).run() });
}

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const noContent = Buffer.alloc(0);
const zeros = Buffer.alloc(8 * 1024 * 1024);
/** Shorter ones save no space that counts. */
const smallestHoleBytes = 64 * 1024;

class ContentWork {
  readonly #job: ContentJob;
  readonly #opener: BlobOpener;
  readonly #calls: PosixCalls;
  readonly #damaged: [number, string][] = [];
  readonly #failedFiles: [number, SystemError][] = [];
  readonly #failedParts: [number, SystemError][] = [];
  readonly #problems: FileProblem[] = [];
  #nextFile = 0;
  #nextPart = 0;

  constructor(job: ContentJob, opener: BlobOpener, calls: PosixCalls) {
    this.#job = job;
    this.#opener = opener;
    this.#calls = calls;
  }

  run(): ContentResult {
    for (const number of this.#job.blobs.ids.keys()) {
      const plain = this.#open(number);
      this.#writeFiles(number, plain);
      this.#writeParts(number, plain);
    }
    this.#writeFiles(noBlob, noContent);
    for (const { bytes } of this.#job.runs) freeMemory(bytes);
    return {
      damaged: this.#damaged,
      failedFiles: this.#failedFiles,
      failedParts: this.#failedParts,
      problems: this.#problems,
    };
  }

  /** Undefined when it is damaged. */
  #open(number: number): Buffer | undefined {
    const blob = this.#blob(number);
    const run = this.#job.runs.find(({ offset, bytes }) => blob.offset - offset < bytes.length) ?? {
      offset: 0,
      bytes: noContent,
    };
    const from = blob.offset - run.offset;
    try {
      return this.#opener.open(blob, run.bytes.subarray(from, from + blob.length));
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      this.#damaged.push([number, error.message]);
      return undefined;
    }
  }

  #blob(number: number): PackedBlob & { readonly pack: string } {
    const { pack, blobs } = this.#job;
    const places = blobs.places.subarray(number * placeFields, (number + 1) * placeFields);
    const [offset = 0, length = 0, uncompressedLength = 0] = places;
    return {
      type: 'data',
      id: blobs.ids[number] ?? '',
      pack,
      offset,
      length,
      ...(uncompressedLength > 0 && { uncompressedLength }),
    };
  }

  #writeFiles(blob: number, plain: Buffer | undefined): void {
    const { files } = this.#job;
    for (; files.blobs[this.#nextFile] === blob; this.#nextFile += 1) {
      if (!plain) continue;
      try {
        this.#writeFile(this.#nextFile, plain);
      } catch (error) {
        this.#failedFiles.push([this.#nextFile, toSystemError(error)]);
      }
    }
  }

  /** Makes a file. One that could not be written whole is removed. */
  #writeFile(file: number, content: Buffer): void {
    const path = Buffer.from(this.#job.files.paths[file] ?? '', 'latin1');
    const descriptor = openSync(path, newFile, 0o600);
    try {
      if (isHole(content)) ftruncateSync(descriptor, content.length);
      else writeWhole(descriptor, content, 0);
      const metadata = metadataOf(this.#job.files, file);
      for (const { part, error } of applyMetadata(this.#calls, { path, descriptor }, metadata)) {
        this.#problems.push({ file, part, error: toSystemError(error) });
      }
    } catch (error) {
      removeQuietly(path);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  /** The files have their full length already, so a hole needs nothing. */
  #writeParts(blob: number, plain: Buffer | undefined): void {
    const { blobs, descriptors, positions } = this.#job.parts;
    for (; blobs[this.#nextPart] === blob; this.#nextPart += 1) {
      if (!plain || isHole(plain)) continue;
      try {
        writeWhole(descriptors[this.#nextPart] ?? -1, plain, positions[this.#nextPart] ?? 0);
      } catch (error) {
        this.#failedParts.push([this.#nextPart, toSystemError(error)]);
      }
    }
  }
}

function metadataOf({ owners, times, attributes }: FileColumns, file: number): RestoredMetadata {
  const [mode = 0, uid = 0, gid = 0] = owners.subarray(file * ownerFields, (file + 1) * ownerFields);
  const [atimeNs = 0n, mtimeNs = 0n] = times.slice(file * timeFields, (file + 1) * timeFields);
  const extendedAttributes = attributes.get(file);
  return {
    type: 'file',
    mode,
    uid,
    gid,
    atimeNs,
    mtimeNs,
    ...(extendedAttributes && { extendedAttributes }),
  };
}

function isHole(data: Buffer): boolean {
  return (
    data.length >= smallestHoleBytes &&
    data.length <= zeros.length &&
    data[0] === 0 &&
    data.equals(zeros.subarray(0, data.length))
  );
}

function writeWhole(descriptor: number, data: Buffer, position: number): void {
  for (let done = 0; done < data.length; ) {
    done += writeSync(descriptor, data, done, data.length - done, position + done);
  }
}

export function removeQuietly(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch {
    // The error that led here says more.
  }
}
