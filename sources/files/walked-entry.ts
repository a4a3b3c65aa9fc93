import type {
  ArrivingEntries,
  DirectoryEntry,
  Entry,
  FileEntry,
  OtherEntry,
} from '../../repository/archive/entry.ts';
import { decodeMetadata } from '../../repository/tree/decode.ts';
import type { NodeMetadata } from '../../repository/tree/node.ts';
import type { WalkRecord } from './walk-records.ts';

/** Entries of a folder below, by its path: bytes as characters, with a slash at the end. */
export type ListBelow = (path: string) => ArrivingEntries;

/** An item that a thread has listed. What is seldom wanted of it is made when it is. */
abstract class WalkedEntry {
  readonly #record: WalkRecord;

  constructor(record: WalkRecord) {
    this.#record = record;
  }

  get name(): Buffer {
    return this.#record.name;
  }

  get encoded(): Buffer {
    return this.#record.json;
  }

  get metadata(): NodeMetadata {
    return decodeMetadata(this.#record.json);
  }
}

class WalkedFile extends WalkedEntry implements FileEntry {
  readonly kind = 'file';
  readonly stamp: WalkRecord;
  readonly #folder: string;

  constructor(record: WalkRecord, folder: string) {
    super(record);
    this.stamp = record;
    this.#folder = folder;
  }

  get path(): Buffer {
    return Buffer.concat([Buffer.from(this.#folder, 'latin1'), this.name]);
  }
}

class WalkedFolder extends WalkedEntry implements DirectoryEntry {
  readonly kind = 'directory';
  readonly #folder: string;
  readonly #list: ListBelow;

  constructor(record: WalkRecord, folder: string, list: ListBelow) {
    super(record);
    this.#folder = folder;
    this.#list = list;
  }

  children(): ArrivingEntries {
    return this.#list(`${this.#folder}${this.name.toString('latin1')}/`);
  }
}

class WalkedOther extends WalkedEntry implements OtherEntry {
  readonly kind = 'other';
}

export function walkedEntry(record: WalkRecord, folder: string, list: ListBelow): Entry {
  switch (record.kind) {
    case 'directory':
      return new WalkedFolder(record, folder, list);
    case 'file':
      return new WalkedFile(record, folder);
    default:
      return new WalkedOther(record);
  }
}
