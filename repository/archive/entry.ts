import type { Readable } from 'node:stream';
import type { FileStamp } from '../blobs.ts';
import type { NodeMetadata } from '../tree/node.ts';

/**
 * What the archiver stores: a tree of entries, produced lazily by a source. Names are file names, never
 * paths; a name in bytes that is no UTF-8 is given as those bytes.
 */
export type Entry = DirectoryEntry | FileEntry | StreamEntry | OtherEntry;

interface EntryBase {
  readonly name: Buffer;
  readonly metadata: NodeMetadata;
  /** What the node begins with (`encodeMetadata`, in the time zone of this process), where it is known already. */
  readonly encoded?: Buffer;
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: 'directory';
  /**
   * Children in any order, asked for once. They may be produced while earlier ones are stored, so that a
   * later child can describe what was read in an earlier one.
   */
  children(): AsyncIterable<Entry> | Iterable<Entry> | ArrivingEntries;
}

/** Entries that another thread lists: those that have arrived are taken without waiting for a promise. */
export interface ArrivingEntries extends AsyncIterable<Entry> {
  /** The next entry, if it is there. */
  takeArrived(): Entry | undefined;
}

/** A regular file of the file system. The archiver opens it, without following links. */
export interface FileEntry extends EntryBase {
  readonly kind: 'file';
  readonly path: Buffer;
  /** Part of the metadata, where it takes less to say. */
  readonly stamp?: FileStamp;
}

/** A file whose bytes a source produces: a database dump, a command's output. */
export interface StreamEntry extends EntryBase {
  readonly kind: 'stream';
  /** Called once. An error of the stream fails the backup; its end means that all bytes are right. May be a `LendingStream`. */
  open(signal: AbortSignal): Promise<Readable> | Readable;
}

/** Symbolic link, device, fifo, socket: all of it is in the metadata. */
export interface OtherEntry extends EntryBase {
  readonly kind: 'other';
}
