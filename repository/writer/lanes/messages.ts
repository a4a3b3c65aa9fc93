import type { FileStat } from '../../blobs.ts';
import type { CompressionMode } from '../../compression.ts';
import type { MasterKey } from '../../crypto/master-key.ts';

/** What a lane needs to begin. It can be cloned into a thread. */
export interface LaneSetup {
  readonly masterKey: MasterKey;
  readonly chunkerPolynomial: bigint;
  readonly compression: CompressionMode;
  /** A pack is closed when its blobs have this many bytes. */
  readonly packBytes: number;
}

/**
 * Work for a lane. A job with content (`files`, `cut`) is read and hashed, reports its blob ids, and
 * goes on when `store` tells which of them are wanted.
 */
export type LaneOrder =
  | { readonly kind: 'files'; readonly job: number; readonly files: FileList }
  /** The chunk that begins at a position of an open file, or at the start of a window. */
  | { readonly kind: 'cut'; readonly job: number; readonly file: FilePosition }
  | { readonly kind: 'cut'; readonly job: number; readonly window: SharedWindow }
  /** One byte for each blob of the job: whether to store it. */
  | { readonly kind: 'store'; readonly job: number; readonly wanted: Uint8Array }
  /** Memory for the next pack. */
  | { readonly kind: 'room'; readonly buffer: SharedBuffer }
  /** Closes the open pack, and lets go of buffers. */
  | { readonly kind: 'flush'; readonly job: number };

export interface FilePosition {
  readonly descriptor: number;
  readonly position: number;
}

/**
 * Bytes in a ring, to the end of the stream or enough for a chunk. Nobody writes to them before the job has reported
 * its cut.
 */
export interface SharedWindow {
  readonly buffer: SharedBuffer;
  readonly start: number;
  readonly length: number;
}

/** Memory that both sides see. It is sent once to each who uses it: every arrival of it would count as garbage. */
export interface SharedBuffer {
  /** Given by the side that has made it. */
  readonly number: number;
  readonly memory?: SharedArrayBuffer;
}

export type LaneReport =
  | { readonly kind: 'ready' }
  /** The length of the chunk that was found, 0 when there was none. Comes before the chunk's `read`. */
  | { readonly kind: 'cut'; readonly job: number; readonly length: number; readonly isEnd: boolean }
  | { readonly kind: 'unreadable'; readonly job: number; readonly reason: string }
  | {
      readonly kind: 'read';
      readonly job: number;
      readonly ids: readonly string[];
      readonly files?: FilesRead;
    }
  /** The length in its pack of each blob, 0 where it was not wanted. */
  | {
      readonly kind: 'stored';
      readonly job: number;
      readonly lengths: Uint32Array;
      readonly sizes: Uint32Array;
    }
  /** Memory for a pack is wanted. */
  | { readonly kind: 'room' }
  /** A pack to be stored: the first bytes of its memory, which is given back so, with its header once more, unsealed. */
  | {
      readonly kind: 'pack';
      readonly id: string;
      readonly header: Uint8Array<ArrayBuffer>;
      /** Number of the memory. */
      readonly buffer: number;
      readonly length: number;
    }
  | { readonly kind: 'flushed'; readonly job: number }
  /** The lane is at its end, and the writer with it. */
  | { readonly kind: 'failed'; readonly message: string; readonly advice?: string };

/** Small files, in columns: cloning an object for each would cost more than reading some of them. */
export interface FileList {
  /** Bytes as characters. */
  readonly paths: readonly string[];
  /** Five numbers for each file: time of the last change, ctime (both in ns), bytes, inode, device. */
  readonly listed: BigInt64Array;
  /** User id of each owner. */
  readonly owners: Uint32Array;
}

export const listedFields = 5;

export interface FilesRead {
  /** Bytes of each file; a file with any is one blob. */
  readonly sizes: Uint32Array;
  /** Files with which something was not as expected. */
  readonly notes: readonly FileNote[];
}

export interface FileNote {
  readonly index: number;
  /** Why nothing of it was read. */
  readonly skipped?: string;
  /** It has grown too large for a batch, and nothing of it was kept. */
  readonly isLarge?: boolean;
  /** It changed while it was read. */
  readonly isChanged?: boolean;
  /** What it was when it was opened, when it was no longer as listed. */
  readonly stat?: FileStat;
}
