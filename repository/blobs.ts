/** Ports inside the engine: what the archiver, the restorer and the checker need of a repository. */

import type { ByteRange } from '../stores/store.ts';
import type { BlobLocation } from './index/blob-index.ts';
import type { JobPool } from './jobs/job-pool.ts';
import type { JobProgram } from './jobs/job-work.ts';
import type { NodeMetadata } from './tree/node.ts';

export type BlobType = 'data' | 'tree';

export interface SavedBlob {
  /** SHA-256 of the plaintext, 64 hex digits. */
  readonly id: string;
  /** False when the repository, or this run, had it already. */
  readonly isNew: boolean;
  /** Bytes before compression, when new; else 0. */
  readonly addedBytes: number;
  /** Bytes as stored, without the pack's header, when new; else 0. */
  readonly storedBytes: number;
}

/** Files up to this size are read in batches: each is one chunk, wherever the chunker would cut. */
export const smallFileBytes = 512 * 1024 - 1;

/** What tells whether a file is the one that was listed, unchanged. */
export type FileStamp = Pick<NodeMetadata, 'mtimeNs' | 'ctimeNs' | 'size' | 'inode' | 'deviceId' | 'uid'>;

/** A regular file as it was listed. */
export interface FileToSave {
  readonly path: Buffer;
  readonly metadata: FileStamp;
}

/** A stored file, or why there is none. */
export type SavedFile =
  | {
      readonly kind: 'stored';
      readonly saved: SavedContent;
      /** What it was when it was opened, when it was no longer as listed. */
      readonly stat?: FileStat;
      /** It changed while it was read; what was read is stored. */
      readonly isChanged: boolean;
    }
  | { readonly kind: 'skipped'; readonly reason: string };

/** A file that has grown too large to be saved with others, and is to be saved alone. */
export interface LargeFile {
  readonly kind: 'large';
}

/** A small file that is saved with others. A promise for each would cost more than reading it. */
export interface SmallFile extends FileToSave {
  /** Called once, unless `failed` is. */
  saved(result: SavedFile | LargeFile): void;
  /** The repository has failed, or the writer was stopped. */
  failed(error: unknown): void;
}

/** The part of `BigIntStats` that metadata is made of, as a plain object. */
export interface FileStat {
  readonly mode: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
  readonly nlink: bigint;
  readonly rdev: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** Result of cutting, deduplicating and storing the content of one file or stream. */
export interface SavedContent {
  /** Blob ids in the order of the content. */
  readonly content: readonly string[];
  readonly sizeBytes: bigint;
  readonly newBlobs: number;
  readonly addedBytes: number;
  readonly storedBytes: number;
}

export interface BlobReader {
  hasBlob(type: BlobType, id: string): boolean;
  /** Plaintext size without reading the blob, or undefined when the repository does not have it. */
  blobSize(type: BlobType, id: string): number | undefined;
  /**
   * Reads, decrypts, decompresses and verifies one blob.
   * @throws {Failure} RepositoryDamaged naming the blob and its pack
   */
  loadBlob(type: BlobType, id: string, signal?: AbortSignal): Promise<Buffer>;
}

/** A reader for work that goes through packs, in the order in which blobs lie there. */
export interface PackedBlobReader extends BlobReader {
  /** All places of a blob, the first known first. */
  locate(type: BlobType, id: string): readonly BlobLocation[];
  /** Reads a part of a pack; undefined when there is no such pack. */
  loadRange(pack: string, range: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined>;
  /** Opens a pool for jobs of one kind, which the caller closes. */
  openJobs<Job, Result>(program: JobProgram<Job, Result>, jobsAhead: number): JobPool<Job, Result>;
}

/**
 * Writes blobs of one run: cuts, deduplicates, compresses, encrypts, packs and indexes. This is the seam
 * behind which the work can move to worker threads: the archiver hands over paths and streams, not chunks.
 * All methods may be called at the same time; memory stays bounded by making callers wait.
 */
export interface BlobWriter {
  saveBlob(type: BlobType, data: Uint8Array, signal?: AbortSignal): Promise<SavedBlob>;
  /** Cuts and stores what a stream yields. */
  saveStream(stream: AsyncIterable<Uint8Array>, options: SaveOptions): Promise<SavedContent>;
  /**
   * Opens, reads and stores a file of the file system, so that a link, fifo or device in its place does no harm.
   * What happens to the file meanwhile is a result; errors of the repository are thrown.
   */
  saveFile(file: FileToSave, options: SaveOptions): Promise<SavedFile>;
  /**
   * The same for a file up to `smallFileBytes`, which is read together with others. Who calls it bounds how many are
   * under way: some hundred, so that batches get full.
   */
  saveSmallFile(file: SmallFile): void;
  /** Writes an index of the packs stored so far: what it names is never stored again by a later attempt. */
  checkpoint(signal?: AbortSignal): Promise<void>;
  /** Writes the last packs and their index. The writer cannot be used afterwards. */
  finish(signal?: AbortSignal): Promise<void>;
  /** Stops without writing what is not yet stored; safe to repeat. */
  abort(): Promise<void>;
}

export interface SaveOptions {
  readonly signal: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}
