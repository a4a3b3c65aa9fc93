import type { Store } from '../stores/store.ts';
import type { CompressionMode } from './compression.ts';
import type { ScryptCost } from './crypto/key-derivation.ts';
import type { KeyOwner } from './keys/key-file.ts';
import type { LockTiming } from './lock/lock.ts';
import type { Failpoint } from './sealed-files.ts';

/** What a cache has to know of the repository that it is for. */
export interface CachedRepository {
  readonly id: string;
  /** Whether a pack holds trees. */
  readonly holdsTrees: (pack: string) => boolean;
}

export interface RepositoryOptions {
  /** `default` compresses about as well as restic does; reading needs no setting. */
  readonly compression?: CompressionMode;
  /** A pack is stored when it has this many bytes. restic's 16 MiB when left out. */
  readonly packSizeBytes?: number;
  /** Puts a cache before the store, for reading index files, snapshots and trees. */
  readonly cache?: (store: Store, repository: CachedRepository) => Store;
  /** First digits of the key file that is tried first, and beyond the number of those that are tried. */
  readonly keyHint?: string;
  /** Called before and after each put, for tests that stop a run there; absent in production. */
  readonly failpoint?: Failpoint;
  /** Other times for locks, for tests. */
  readonly lockTiming?: LockTiming;
}

export interface InitOptions extends RepositoryOptions {
  /** Polynomial of another repository, so that the same content becomes the same blobs. */
  readonly chunkerPolynomial?: bigint;
  /** Cost of the key derivation. */
  readonly scryptCost?: ScryptCost;
}

export interface AddKeyOptions {
  /** Person and machine that the key file names; this one when left out. */
  readonly owner?: Partial<KeyOwner>;
  readonly cost?: ScryptCost;
}

export interface OpenWriterOptions {
  /** Looks for packs that no index names, as a killed run leaves them, and uses their blobs. */
  readonly adoptUnindexed?: boolean;
  readonly signal?: AbortSignal;
}
