import { Failure, isFailure } from '../../contracts/failures.ts';
import type { PackSum } from '../../contracts/thaw.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Store, StoreFile } from '../../stores/store.ts';
import { checkRepository } from '../check/check.ts';
import { withLock } from '../lock/with-lock.ts';
import { Repository } from '../repository.ts';
import { repositoryExists } from '../sealed-files.ts';
import {
  assertReadable,
  assertWhole,
  copyFiles,
  type Difference,
  differenceOf,
  type TypedFile,
} from './copy-files.ts';
import { movedFile, writeMovedNote } from './moved-note.ts';
import { withConfig } from './with-config.ts';

export interface MoveOptions {
  /** Opened without a cache. */
  readonly from: Repository;
  /** Where it is to lie: empty, or what a move that was stopped has left there. */
  readonly to: Store;
  readonly password: Secret;
  /**
   * Reads every byte at the new place, save in classes that are to be thawed first or dear to read. Without it, and for
   * those, what the services compared when they took it must do.
   */
  readonly readData: boolean;
  /** How long to wait until nobody else works on the repository. */
  readonly lockWaitMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: MoveProgress) => void;
}

export interface MoveProgress {
  readonly step: 'copy' | 'verify' | 'lock' | 'finish';
  readonly filesDone: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface MoveResult {
  /** Copied by this call; what an earlier one had copied does not count. */
  readonly files: number;
  readonly bytes: number;
  /** Snapshots at the new place. */
  readonly snapshots: number;
  /** Packs at the new place that nobody has read there, for their class. */
  readonly unread: PackSum;
  /** Why the old place could not be closed to writers, or undefined when it is. */
  readonly stillOpen: Failure | undefined;
}

const configFile: StoreFile = { type: 'config', name: '' };

/**
 * Moves a repository: every file is copied byte for byte, so that keys, ids and chunking stay; the new place is
 * verified; only then it becomes a repository, by its config, and the old one ceases to be one: its config goes, and a
 * note is left. Nothing else is removed there. Others may go on writing while most of it is copied; the rest is done
 * under an exclusive lock. A move that was stopped at any point goes on when it is called again.
 * @throws {Failure} RepositoryExists for a place that holds something else; RepositoryDamaged; RepositoryLocked
 */
export async function moveRepository(options: MoveOptions): Promise<MoveResult> {
  const { from, to, lockWaitMs: waitMs, signal, readData } = options;
  const config = await from.store.load(configFile, undefined, signal);
  if (config === undefined) throw new Failure('Internal', 'An open repository has a config.');
  const there = await to.load(configFile, undefined, signal);
  if (there !== undefined && !there.equals(config)) throw repositoryExists(to.location);
  await to.create(signal);
  if (there === undefined) await assertNoOtherKeys(options);
  const move = new Move(options, config);
  const early = await withLock(from, { exclusive: false, waitMs, signal }, async (underLock) => {
    await move.copyMissing(underLock, { readBack: false });
    return await move.verify(underLock, { readData });
  });
  move.report('lock');
  return await withLock(from, { exclusive: true, waitMs, signal }, async (underLock) => {
    const { missing, extra } = await move.copyMissing(underLock, { readBack: readData });
    const { cold: unread } = await move.assertEqual(underLock);
    const isSame = missing.length + extra.length === 0;
    const snapshots = isSame ? early : await move.verify(underLock, { readData: false });
    return { ...move.copied, snapshots, unread, stillOpen: await move.finish(underLock) };
  });
}

/** A place without a config is ours while it has no key that the repository does not have. */
async function assertNoOtherKeys({ from, to, signal }: MoveOptions): Promise<void> {
  for await (const { name } of to.list('key', signal)) {
    if ((await from.store.size({ type: 'key', name }, signal)) !== undefined) continue;
    throw new Failure('RepositoryExists', `There are files of another repository at ${to.location}.`, {
      advice: 'Choose an empty place.',
    });
  }
}

/** The steps of one call, and how far they are. */
class Move {
  readonly #options: MoveOptions;
  readonly #config: Buffer;
  #files = 0;
  #bytes = 0;
  #progress: MoveProgress = { step: 'copy', filesDone: 0, bytesDone: 0, bytesTotal: 0 };

  constructor(options: MoveOptions, config: Buffer) {
    this.#options = options;
    this.#config = config;
  }

  get copied(): Pick<MoveResult, 'files' | 'bytes'> {
    return { files: this.#files, bytes: this.#bytes };
  }

  report(step: MoveProgress['step'], change: Partial<MoveProgress> = {}): void {
    this.#progress = { ...this.#progress, step, ...change };
    this.#options.onProgress?.(this.#progress);
  }

  /** Makes the new place hold the files of the old one, and no others. */
  async copyMissing(signal: AbortSignal, { readBack }: { readonly readBack: boolean }): Promise<Difference> {
    const { from, to } = this.#options;
    this.report('copy');
    await from.loadIndex(signal);
    const difference = await differenceOf(from.store, to, signal);
    assertReadable(difference.missing, from.store);
    await this.#removeExtra(difference.extra, signal);
    const total = difference.missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.report('copy', { bytesTotal: this.#bytes + total });
    await copyFiles(difference.missing, {
      from: from.store,
      to,
      signal,
      readBack,
      contentOf: (pack) => from.index.contentOf(pack),
      onFile: ({ sizeBytes }) => {
        this.#files += 1;
        this.#bytes += sizeBytes;
        this.report('copy', { filesDone: this.#files, bytesDone: this.#bytes });
      },
    });
    return difference;
  }

  /**
   * Removes at the new place what the old one has not any more: a stopped move may have copied it. Where the new place
   * is a repository already, somebody may have written to it, and nothing is removed.
   */
  async #removeExtra(extra: readonly TypedFile[], signal: AbortSignal): Promise<void> {
    const { to } = this.#options;
    if ((await to.size(configFile, signal)) !== undefined) return;
    // What refers to others goes first.
    for (const { type, name } of extra.toReversed()) await to.remove({ type, name }, signal);
  }

  /** @throws {Failure} StoreUnavailable naming files that are not there, or not as long */
  async assertEqual(signal: AbortSignal): Promise<Difference> {
    const { from, to } = this.#options;
    const difference = await differenceOf(from.store, to, signal);
    const { missing } = difference;
    for await (const { name } of to.list('key', signal)) await assertWhole(to, { type: 'key', name }, signal);
    if (missing.length === 0) return difference;
    const some = missing.slice(0, 5).map(({ type, name }) => `${type} ${name}`);
    const message = `${missing.length} files are not at ${to.location} after they were copied: ${some.join(', ')}.`;
    throw new Failure('StoreUnavailable', message, { advice: 'Run the same command again.' });
  }

  /**
   * Checks the new place as a repository. Returns the number of its snapshots.
   * @throws {Failure} RepositoryDamaged naming the first damages
   */
  async verify(signal: AbortSignal, { readData }: { readonly readData: boolean }): Promise<number> {
    const { to, password } = this.#options;
    const repository = await Repository.open(withConfig(to, this.#config), password);
    const { snapshots, damages, damageCount } = await checkRepository(repository, {
      readDataPercent: readData ? 100 : 0,
      signal,
      onProgress: ({ packsDone, bytesRead, bytesTotal }) =>
        this.report('verify', { filesDone: packsDone, bytesDone: bytesRead, bytesTotal }),
    });
    if (damageCount === 0) return snapshots;
    const message = `The repository is not whole at ${to.location}: ${damages.slice(0, 5).join(' ')}`;
    throw new Failure('RepositoryDamaged', message, {
      advice:
        'The old place is as it was. Look whether it is whole, by `resguardo repo check --read-data`, and mend it first.',
    });
  }

  /** Makes the new place the repository, and then the old one none. Returns why that could not be. */
  async finish(signal: AbortSignal): Promise<Failure | undefined> {
    const { from, to } = this.#options;
    this.report('finish');
    await to.save(configFile, [this.#config], signal);
    if (!(await to.load(configFile, undefined, signal))?.equals(this.#config)) {
      throw repositoryExists(to.location);
    }
    await to.remove(movedFile, signal);
    try {
      const note = { to: to.location, time: new Date().toISOString() };
      await writeMovedNote(from.store, note, signal);
      await from.store.remove(configFile, signal);
      return undefined;
    } catch (error) {
      // Without the right to remove there, the old place stays open.
      if (isFailure(error, 'StoreForbidden') || isFailure(error, 'RepositoryUnwritable')) return error;
      throw error;
    }
  }
}
