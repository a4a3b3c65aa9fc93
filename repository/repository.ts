import { hostname, userInfo } from 'node:os';
import { Failure, isFailure } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';
import type { ByteRange, Store } from '../stores/store.ts';
import { loadBlob } from './blob-loader.ts';
import { BlobOpener } from './blob-opener.ts';
import type { BlobType, BlobWriter, PackedBlobReader } from './blobs.ts';
import { closeOnFailure } from './close-on-failure.ts';
import { Compressor } from './compression.ts';
import { encodeConfig, newConfig, type RepositoryConfig } from './config.ts';
import { type MasterKey, randomMasterKey } from './crypto/master-key.ts';
import { Sealing } from './crypto/sealing.ts';
import { shortId } from './ids.ts';
import { BlobIndex, type BlobLocation } from './index/blob-index.ts';
import { IndexLoader } from './index/index-loader.ts';
import { JobPool } from './jobs/job-pool.ts';
import type { JobProgram } from './jobs/job-work.ts';
import type { KeyFile, KeyOwner } from './keys/key-file.ts';
import { addKey, listKeys, type OpenedKey } from './keys/keys.ts';
import { FencedStore } from './lock/fenced-store.ts';
import type { RepositoryLock } from './lock/held-lock.ts';
import { acquireLock, type LockPlace, type LockRequest, removeLocks, resticLockTiming } from './lock/lock.ts';
import { assertNotMoved } from './move/moved-note.ts';
import type { AddKeyOptions, InitOptions, OpenWriterOptions, RepositoryOptions } from './options.ts';
import { PackSegments } from './pack/pack-segments.ts';
import { damaged, repositoryExists, SealedFiles } from './sealed-files.ts';
import { decodeSnapshot, encodeSnapshot, type NewSnapshot, type Snapshot } from './snapshot.ts';
import { chooseSnapshot, type SnapshotFilter } from './snapshot-filter.ts';
import { type Unlocked, unlock } from './unlock.ts';
import { loadWriter } from './writer/load-writer.ts';

const defaultPackBytes = 16 * 1024 * 1024;

export type {
  AddKeyOptions,
  CachedRepository,
  InitOptions,
  OpenWriterOptions,
  RepositoryOptions,
} from './options.ts';

/** A repository of restic's format, version 2 (restic's design document is the specification). */
export class Repository implements PackedBlobReader {
  /** Where its files lie. Writes under a lost lock are refused. */
  readonly store: Store;
  readonly id: string;
  readonly chunkerPolynomial: bigint;
  /** What the index files say; empty until `loadIndex`. */
  readonly index = new BlobIndex();
  readonly sealing: Sealing;
  readonly opener: BlobOpener;
  readonly segments: PackSegments;
  readonly #options: RepositoryOptions;
  readonly #compressor: Compressor;
  readonly #files: SealedFiles;
  readonly #fence: FencedStore;
  readonly #indexLoader: IndexLoader;
  readonly #lockPlace: LockPlace;
  readonly #locks = new Set<RepositoryLock>();
  readonly #master: MasterKey;
  /** The key file by which the repository was opened. */
  readonly keyId: string;

  private constructor(store: Store, key: OpenedKey, config: RepositoryConfig, options: RepositoryOptions) {
    this.#options = options;
    this.#master = key.master;
    this.keyId = key.id;
    const facts = { id: config.id, holdsTrees: (pack: string) => this.index.holdsTrees(pack) };
    this.#fence = new FencedStore(options.cache ? options.cache(store, facts) : store);
    this.store = this.#fence;
    this.id = config.id;
    this.chunkerPolynomial = config.chunkerPolynomial;
    this.sealing = new Sealing(key.master);
    this.opener = new BlobOpener(this.sealing);
    this.segments = new PackSegments(this.#fence);
    this.#compressor = new Compressor(options.compression ?? 'default');
    const files = { sealing: this.sealing, compressor: this.#compressor, failpoint: options.failpoint };
    this.#files = new SealedFiles({ ...files, store: this.#fence });
    this.#indexLoader = new IndexLoader(this.#fence, this.#files, this.index);
    const timing = options.lockTiming ?? resticLockTiming;
    this.#lockPlace = { store, files: new SealedFiles({ ...files, store }), timing };
  }

  /**
   * Creates a repository and opens it. After an error there is either a repository that the password opens, or none,
   * and it can be called again. The store is closed then.
   * @throws {Failure} RepositoryExists; RepositoryMoved where one lay
   */
  static async init(store: Store, password: Secret, options: InitOptions = {}): Promise<Repository> {
    return await closeOnFailure(store, () => Repository.#make(store, password, options));
  }

  static async #make(store: Store, password: Secret, options: InitOptions): Promise<Repository> {
    if ((await store.size({ type: 'config', name: '' })) !== undefined)
      throw repositoryExists(store.location);
    await assertNotMoved(store);
    const config = newConfig(options.chunkerPolynomial);
    const master = randomMasterKey();
    await store.create();
    const { scryptCost: cost, failpoint } = options;
    const id = await addKey(store, { master, password, owner: thisOwner(), cost, failpoint });
    const repository = new Repository(store, { id, master }, config, options);
    try {
      // Last, because a config says that a repository is there.
      await repository.#files.save('config', encodeConfig(config));
    } catch (error) {
      // After any other error it may lie there, or come yet. A key file too many does no harm; one too few does.
      if (!isFailure(error, 'RepositoryExists')) throw error;
      // Put again, because the first answer was lost.
      if (await repository.#hasOwnConfig()) return repository;
      await store.remove({ type: 'key', name: id }).catch(() => {});
      throw error;
    }
    return repository;
  }

  /**
   * Opens a repository; does not load its index. The store is closed when that fails.
   * @throws {Failure} RepositoryNotFound, RepositoryMoved, WrongKey, RepositoryUnsupported, RepositoryDamaged
   */
  static async open(store: Store, password: Secret, options: RepositoryOptions = {}): Promise<Repository> {
    return Repository.opened(store, await unlock(store, password, options), options);
  }

  /** What `open` gives, when the key is known already. */
  static opened(store: Store, { key, config }: Unlocked, options: RepositoryOptions): Repository {
    return new Repository(store, key, config, options);
  }

  /** Reads the index files that are new since the last call. Blobs are known and readable from then on. */
  async loadIndex(signal?: AbortSignal): Promise<void> {
    await this.#indexLoader.load(signal);
  }

  hasBlob(type: BlobType, id: string): boolean {
    return this.index.hasBlob(type, id);
  }

  blobSize(type: BlobType, id: string): number | undefined {
    return this.index.blobSize(type, id);
  }

  async loadBlob(type: BlobType, id: string, signal?: AbortSignal): Promise<Buffer> {
    return await loadBlob(this, { type, id }, signal);
  }

  locate(type: BlobType, id: string): readonly BlobLocation[] {
    return this.index.locate(type, id);
  }

  async loadRange(pack: string, range: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    return await this.store.load({ type: 'data', name: pack }, range, signal);
  }

  openJobs<Job, Result>(program: JobProgram<Job, Result>, jobsAhead: number): JobPool<Job, Result> {
    return new JobPool(program, { key: this.#master }, jobsAhead);
  }

  /** Its packs, for jobs that seal what they open by the key of another repository. */
  sealedFor(target: Repository): Pick<PackedBlobReader, 'loadRange' | 'openJobs'> {
    const keys = { key: this.#master, targetKey: target.#master };
    return {
      loadRange: (pack, range, signal) => this.loadRange(pack, range, signal),
      openJobs: (program, jobsAhead) => new JobPool(program, keys, jobsAhead),
    };
  }

  /** Opens a writer for one run, with the index as it is now. */
  async openWriter(options: OpenWriterOptions = {}): Promise<BlobWriter & { readonly adoptedPacks: number }> {
    await this.loadIndex(options.signal);
    const { Chunker, RepositoryWriter, findUnindexedPacks } = await loadWriter();
    const chunker = await Chunker.create(this.chunkerPolynomial);
    const adopted = options.adoptUnindexed ? await findUnindexedPacks(this, options.signal) : [];
    const writer = new RepositoryWriter({
      store: this.store,
      files: this.#files,
      sealing: this.sealing,
      compressor: this.#compressor,
      chunker,
      index: this.index,
      lanes: {
        masterKey: this.#master,
        chunkerPolynomial: this.chunkerPolynomial,
        compression: this.#options.compression ?? 'default',
        packBytes: this.#options.packSizeBytes ?? defaultPackBytes,
      },
      failpoint: this.#options.failpoint,
    });
    await writer.adopt(adopted, options.signal);
    return Object.assign(writer, { adoptedPacks: adopted.length });
  }

  /**
   * Takes a lock as restic does. While it is held, nothing is written through this object once it is lost.
   * @throws {Failure} RepositoryLocked
   */
  async lock(request: LockRequest): Promise<RepositoryLock> {
    const lock = await acquireLock(this.#lockPlace, request);
    this.#fence.addLock(lock);
    this.#locks.add(lock);
    const release = async (): Promise<void> => {
      this.#fence.removeLock(lock);
      this.#locks.delete(lock);
      await lock.release();
    };
    return { lost: lock.lost, ensureHeld: () => lock.ensureHeld(), release };
  }

  /** Removes stale locks, or all of them; returns how many. */
  async unlock(options: { readonly all: boolean; readonly signal?: AbortSignal }): Promise<number> {
    return await removeLocks(this.#lockPlace, options);
  }

  /** All snapshots, or those whose id starts so, each verified. A damaged one throws. */
  async *snapshots(signal?: AbortSignal, idPrefix = ''): AsyncGenerator<Snapshot> {
    for await (const { name } of this.store.list('snapshot', signal)) {
      if (!name.startsWith(idPrefix)) continue;
      const bytes = await this.#files.load('snapshot', name, signal);
      if (!bytes) continue;
      const snapshot = decodeSnapshot(name, bytes);
      if (!snapshot) throw damaged('snapshot', name, 'it is no snapshot');
      yield snapshot;
    }
  }

  /** @throws {Failure} SnapshotNotFound when there is none, or when the prefix is ambiguous */
  async findSnapshot(prefixOrLatest: string, filter: SnapshotFilter = {}): Promise<Snapshot> {
    // One that is asked for by its id does not suffer from damage to another.
    const idPrefix = prefixOrLatest === 'latest' ? '' : prefixOrLatest;
    return await chooseSnapshot(this.snapshots(undefined, idPrefix), prefixOrLatest, filter);
  }

  /**
   * Stores a snapshot whose tree is stored and indexed; returns its id. The same snapshot is stored once,
   * however often it is committed. What a prune has marked in the meantime is taken back.
   * @throws {Failure} RepositoryDamaged when the repository has not its tree
   */
  async commitSnapshot(snapshot: NewSnapshot, signal?: AbortSignal): Promise<string> {
    const { findTree } = await import('./prune/marked-packs.ts');
    if (!(await findTree(this, snapshot, signal))) {
      const message = `The tree ${shortId(snapshot.tree)} of a new snapshot is not in the repository.`;
      throw new Failure('RepositoryDamaged', message);
    }
    return await this.#files.saveSame('snapshot', encodeSnapshot(snapshot), signal);
  }

  /** All key files. A damaged one throws. */
  keys(signal?: AbortSignal): AsyncGenerator<KeyFile> {
    return listKeys(this.store, signal);
  }

  /** Adds a password that opens the repository; returns the id of its key file. */
  async addKey(password: Secret, options: AddKeyOptions = {}): Promise<string> {
    const owner = { ...thisOwner(), ...options.owner };
    const { failpoint } = this.#options;
    return await addKey(this.store, { master: this.#master, password, owner, cost: options.cost, failpoint });
  }

  /**
   * Takes a password from the repository. Whoever has copied the master key can still read it.
   * @throws {Failure} InvalidInput for the key file that is in use
   */
  async removeKey(id: string, signal?: AbortSignal): Promise<void> {
    if (id === this.keyId) {
      throw new Failure('InvalidInput', `The key file ${shortId(id)} is the one in use.`, {
        advice: 'Open the repository by another password to remove this one.',
      });
    }
    await this.store.remove({ type: 'key', name: id }, signal);
  }

  async #hasOwnConfig(): Promise<boolean> {
    const sealed = await this.store.load({ type: 'config', name: '' });
    return sealed !== undefined && this.sealing.open(sealed) !== undefined;
  }

  /** Releases what is still locked, and the store. */
  async close(): Promise<void> {
    for (const lock of this.#locks) await lock.release();
    this.#locks.clear();
    await this.store.close();
  }
}

function thisOwner(): KeyOwner {
  return { hostname: hostname(), username: userInfo().username };
}
