import { Failure } from '../contracts/failures.ts';
import type { ThawWish } from '../contracts/thaw.ts';

export type { ThawWish };

/**
 * The port between the repository engine and the place where its files lie. Names and layout are
 * restic's: `config`, `keys/…`, `locks/…`, `snapshots/…`, `index/…`, `data/xx/…`. `moved` is ours: it says where a
 * repository went that lay there.
 */
export type FileType = 'config' | 'moved' | ListedType;

/** Types of which a repository has many files, in a folder of their own. */
export type ListedType = 'key' | 'lock' | 'snapshot' | 'index' | 'data';

export interface StoreFile {
  readonly type: FileType;
  /** 64 lower-case hex digits; empty for `config` and `moved`. */
  readonly name: string;
  /** What a pack holds, told when it is saved: archive classes are for data alone. */
  readonly holds?: PackContent;
  /** Of all of its bytes, in hex, where the saver has it already: a service that checks it needs no other checksum. */
  readonly sha256?: string;
}

/**
 * What a pack holds. A description is data that tells what a dump holds: a restore is planned with it, so that it stays
 * where it can be read.
 */
export type PackContent = 'data' | 'tree' | 'description';

export interface StoredFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Name that the service has for the class it lies in; absent where there are none. */
  readonly storageClass?: string;
  /** When it was written, where the service tells. */
  readonly writtenAt?: Date;
  /** Whether it can be read; absent where everything can. */
  readonly reach?: Reach;
}

/** A file that the service does not let go yet. */
export class FileLocked extends Failure {
  /** When its retention ends; undefined for a hold, which somebody has to end, and where the service does not say. */
  readonly until: Date | undefined;

  constructor({ message, advice, cause }: Pick<Failure, 'message' | 'advice' | 'cause'>, until?: Date) {
    super('StoreForbidden', message, { advice, cause });
    this.until = until;
  }
}

/** `frozen`: in an archive class, to be thawed first; `thawing`: somebody has asked for that, and it takes hours. */
export type Reach = 'readable' | 'frozen' | 'thawing';

export interface HiddenFiles {
  readonly objects: number;
  readonly bytes: number;
  /** When the last of them is gone by itself; undefined when nothing removes them, or when there are none. */
  readonly until: Date | undefined;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Contract of every store (test/stores/conformance.ts runs it against each):
 * - A file appears whole or not at all; once `save` has resolved, a crash or power cut does not lose it.
 * - Files are never changed: a name that exists is never overwritten.
 * - Calls may run at the same time, from several processes too.
 * - An aborted signal rejects with its reason soon, and leaves nothing that `list` or `load` would show.
 * - Errors are `Failure`s: StoreUnavailable (temporary), StorageFull, RepositoryUnwritable, RepositoryDamaged
 *   (a file ends before the range does), ObjectArchived (to be thawed before it can be read), never a secret in
 *   the message.
 */
export interface Store {
  /** URL or path for people, without secrets. */
  readonly location: string;

  /** Whether packs that hold data go where they have to be thawed before they are read; not so when absent. */
  readonly freezesData?: boolean;

  /** Makes the folders or prefixes of an empty repository. Safe to repeat. */
  create(signal?: AbortSignal): Promise<void>;

  /** Stores a file made of the parts in turn. Resolves to `exists`, leaving the file as it is, if the name is taken. */
  save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal): Promise<'stored' | 'exists'>;

  /** Reads a file or a range of it, exactly as long as asked. Resolves to undefined if there is no such file. */
  load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined>;

  /** Size in bytes, or undefined if there is no such file. */
  size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined>;

  /** Lists the files of a type in any order. Names that are not 64 hex digits are passed over. */
  list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile>;

  /**
   * Removes a file. Removing what is not there is no error.
   * @throws {FileLocked} when a retention lock or a hold of the service protects it
   */
  remove(file: StoreFile, signal?: AbortSignal): Promise<void>;

  /** Asks that a file in an archive class be made readable. Asking again changes nothing, and costs nothing. */
  thaw(file: StoreFile, wish: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'>;

  /**
   * What was removed and still takes space, because the service keeps older versions; undefined where it keeps none, or
   * where that cannot be seen.
   */
  hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined>;

  /** Removes what crashed writers left and no reader sees: temporary files, unfinished uploads. */
  sweep(olderThanMs: number, signal?: AbortSignal): Promise<void>;

  close(): Promise<void>;
}

/** Does what the store below does: for stores that do a part of it in another way. */
export class ForwardingStore implements Store {
  readonly #below: Store;

  constructor(below: Store) {
    this.#below = below;
  }

  get location(): string {
    return this.#below.location;
  }

  get freezesData(): boolean {
    return this.#below.freezesData === true;
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#below.create(signal);
  }

  save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal): Promise<'stored' | 'exists'> {
    return this.#below.save(file, parts, signal);
  }

  load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    return this.#below.load(file, range, signal);
  }

  size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return this.#below.size(file, signal);
  }

  list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    return this.#below.list(type, signal);
  }

  remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    return this.#below.remove(file, signal);
  }

  thaw(file: StoreFile, wish: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'> {
    return this.#below.thaw(file, wish, signal);
  }

  hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    return this.#below.hidden(signal);
  }

  sweep(olderThanMs: number, signal?: AbortSignal): Promise<void> {
    return this.#below.sweep(olderThanMs, signal);
  }

  close(): Promise<void> {
    return this.#below.close();
  }
}

/** A store that does what is given, and for the rest what the store below does. */
export function changedStore(below: Store, change: Partial<Omit<Store, 'location' | 'freezesData'>>): Store {
  return Object.assign(new ForwardingStore(below), change);
}
