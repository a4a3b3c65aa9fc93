import { Failure, isFailure } from '../../contracts/failures.ts';
import { loadBlob } from '../blob-loader.ts';
import type { BlobReader, BlobType } from '../blobs.ts';
import { Compressor } from '../compression.ts';
import { shortId } from '../ids.ts';
import type { BlobIndex } from '../index/blob-index.ts';
import type { PackFile } from '../pack/pack-reader.ts';
import { PackSegments } from '../pack/pack-segments.ts';
import type { Repository } from '../repository.ts';
import { damaged, SealedFiles } from '../sealed-files.ts';
import { decodeSnapshot, type Snapshot } from '../snapshot.ts';
import { blobKey, checkPackData } from './check-data.ts';
import { comparePacks, loadIndexes, type PackComparison, type SoundPack } from './check-indexes.ts';
import { TreeChecker } from './check-trees.ts';
import { Damages } from './damages.ts';

export interface CheckOptions {
  /** Id of one snapshot: its trees alone are followed. All of them when left out. */
  readonly snapshot?: string;
  /** Whether the trees of a snapshot are followed; those of all when left out. */
  readonly filter?: (snapshot: Snapshot) => boolean;
  /** Share of the packs that are read and decrypted: none at 0, a random choice, or all at 100. */
  readonly readDataPercent: number;
  /** Instead of a random choice: the packs of one part of `of`; all parts together are all packs. */
  readonly readDataPart?: DataPart;
  /** Instead of a share: about so many bytes. */
  readonly readDataBytes?: number;
  /** Reads packs in archive classes too, as far as they are thawed: it is dear. */
  readonly readArchived?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** `part` counts from 0 to `of` - 1. */
export interface DataPart {
  readonly part: number;
  readonly of: number;
}

export interface CheckProgress {
  readonly step: 'index' | 'packs' | 'data' | 'trees';
  readonly packsDone: number;
  /** Packs whose data is read. */
  readonly packsTotal: number;
  readonly bytesRead: number;
  /** Bytes of those packs. */
  readonly bytesTotal: number;
  readonly snapshotsDone: number;
  readonly snapshotsTotal: number;
  /** Path of the folder under way, while trees are followed. */
  readonly current?: string;
}

export interface CheckResult {
  readonly snapshots: number;
  readonly packs: number;
  readonly blobs: number;
  readonly bytesRead: number;
  /** One sentence for each damage. The first 100. */
  readonly damages: readonly string[];
  readonly damageCount: number;
  /** What a person may want to know and that is no damage. */
  readonly notes: readonly string[];
}

const reportMs = 100;

/**
 * Checks a repository and reports all damage that it finds. It reads the index files anew and takes no lock:
 * the caller holds a shared one, so that nothing is removed meanwhile.
 * @throws {Failure} SnapshotNotFound for a `snapshot` that is not there; of the store
 */
export async function checkRepository(repository: Repository, options: CheckOptions): Promise<CheckResult> {
  return await new RepositoryCheck(repository, options).run();
}

class RepositoryCheck {
  readonly #repository: Repository;
  readonly #options: CheckOptions;
  readonly #files: SealedFiles;
  readonly #damages = new Damages();
  /** Packs that were to be read, and lie in an archive class. */
  #unread = 0;
  #lastReport = 0;
  #progress: CheckProgress = {
    step: 'index',
    packsDone: 0,
    packsTotal: 0,
    bytesRead: 0,
    bytesTotal: 0,
    snapshotsDone: 0,
    snapshotsTotal: 0,
  };

  constructor(repository: Repository, options: CheckOptions) {
    this.#repository = repository;
    this.#options = options;
    const { store, sealing } = repository;
    this.#files = new SealedFiles({ store, sealing, compressor: new Compressor('default') });
  }

  async run(): Promise<CheckResult> {
    const { store } = this.#repository;
    const { signal } = this.#options;
    this.#report({ step: 'index' });
    // Snapshots first: what they refer to was indexed before they were written.
    const snapshots = await this.#loadSnapshots();
    const index = await loadIndexes({ store, files: this.#files }, this.#damages, signal);
    this.#report({ step: 'packs', snapshotsTotal: snapshots.length });
    const packs = await comparePacks({ store, index }, this.#damages, signal);
    await this.#checkContent(snapshots, { index, packs });
    return {
      snapshots: snapshots.length,
      packs: index.packCount,
      blobs: index.blobCount,
      bytesRead: this.#progress.bytesRead,
      damages: this.#damages.listed,
      damageCount: this.#damages.count,
      notes: [...notesOn(packs, this.#damages.count > 0), ...noteOnArchived(this.#unread, this.#options)],
    };
  }

  async #loadSnapshots(): Promise<readonly Snapshot[]> {
    const { snapshot: wanted, signal } = this.#options;
    const snapshots: Snapshot[] = [];
    for await (const { name } of this.#repository.store.list('snapshot', signal)) {
      if (wanted !== undefined && !name.startsWith(wanted)) continue;
      try {
        const bytes = await this.#files.load('snapshot', name, signal);
        const snapshot = bytes && decodeSnapshot(name, bytes);
        if (snapshot && this.#options.filter?.(snapshot) !== false) snapshots.push(snapshot);
        else if (snapshot) continue;
        else if (bytes) throw damaged('snapshot', name, 'it is no snapshot');
      } catch (error) {
        if (!isFailure(error, 'RepositoryDamaged')) throw error;
        this.#damages.add(error.message);
      }
    }
    if (wanted === undefined || snapshots.length > 0 || this.#damages.count > 0) return snapshots;
    throw new Failure('SnapshotNotFound', `There is no snapshot ${shortId(wanted)}.`);
  }

  /**
   * Reads data while trees are followed, which keeps another processor busy. What cannot be read is found rarely;
   * then the trees are followed once more, to tell what it belongs to.
   */
  async #checkContent(
    snapshots: readonly Snapshot[],
    { index, packs }: { readonly index: BlobIndex; readonly packs: PackComparison },
  ): Promise<void> {
    const wanted = choose(packs.sound, this.#options);
    const chosen = wanted.filter((pack) => mayBeRead(pack, this.#options));
    this.#unread = wanted.length - chosen.length;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, stop.signal]);
    const follow = async (unreadable: ReadonlySet<string>): Promise<Damages> => {
      const damages = new Damages();
      const isLost: FoundData['isLost'] = (type, id) =>
        index
          .locate(type, id)
          .every(({ pack }) => packs.broken.has(pack) || unreadable.has(blobKey(pack, { type, id })));
      const mayBeLost = packs.broken.size > 0 || unreadable.size > 0;
      await this.#followTrees(snapshots, { index, isLost, mayBeLost, damages, signal });
      return damages;
    };
    const reading = this.#readData(chosen, index, signal);
    const following = follow(new Set());
    for (const task of [reading, following]) task.catch((error: unknown) => stop.abort(error));
    await Promise.allSettled([reading, following]);
    signal.throwIfAborted();
    const unreadable = await reading;
    this.#report({ step: 'trees', ...(unreadable.size > 0 && { snapshotsDone: 0 }) });
    this.#damages.addAll(unreadable.size > 0 ? await follow(unreadable) : await following);
  }

  async #readData(
    packs: readonly PackFile[],
    index: BlobIndex,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const bytesTotal = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#report({ step: packs.length > 0 ? 'data' : 'trees', packsTotal: packs.length, bytesTotal });
    return await checkPackData(packs, {
      reader: this.#repository,
      index,
      damages: this.#damages,
      signal,
      onPack: (sizeBytes) =>
        this.#report({
          packsDone: this.#progress.packsDone + 1,
          bytesRead: this.#progress.bytesRead + sizeBytes,
        }),
    });
  }

  async #followTrees(snapshots: readonly Snapshot[], found: FoundData): Promise<void> {
    const checker = new TreeChecker({
      reader: readerOf(this.#repository, found.index),
      isDamaged: (type, id) => found.mayBeLost && found.isLost(type, id),
      damages: found.damages,
      signal: found.signal,
      onTree: (current) => {
        if (performance.now() - this.#lastReport > reportMs) this.#report({ current });
      },
    });
    for (const snapshot of snapshots) {
      await checker.check(snapshot);
      this.#report({ snapshotsDone: this.#progress.snapshotsDone + 1 });
    }
  }

  #report(change: Partial<CheckProgress>): void {
    this.#lastReport = performance.now();
    this.#progress = { ...this.#progress, ...change };
    this.#options.onProgress?.(this.#progress);
  }
}

interface FoundData {
  readonly index: BlobIndex;
  /** Whether no whole copy of the blob is left. */
  readonly isLost: (type: BlobType, id: string) => boolean;
  readonly mayBeLost: boolean;
  readonly damages: Damages;
  readonly signal: AbortSignal;
}

function readerOf({ store, sealing, opener }: Repository, index: BlobIndex): BlobReader {
  const segments = new PackSegments(store);
  return {
    hasBlob: (type, id) => index.hasBlob(type, id),
    blobSize: (type, id) => index.blobSize(type, id),
    loadBlob: (type, id, signal) =>
      loadBlob({ store, sealing, opener, index, segments }, { type, id }, signal),
  };
}

/** A random choice, so that repeated checks come around to all of it; or the packs of one part, by their names. */
function choose<T extends { readonly id: string; readonly sizeBytes: number }>(
  items: readonly T[],
  options: Pick<CheckOptions, 'readDataPercent' | 'readDataPart' | 'readDataBytes'>,
): readonly T[] {
  const { readDataPart: share, readDataBytes } = options;
  const totalBytes = items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const percent =
    readDataBytes === undefined ? options.readDataPercent : (100 * readDataBytes) / Math.max(1, totalBytes);
  if (share) return items.filter(({ id }) => Number.parseInt(id.slice(0, 8), 16) % share.of === share.part);
  if (percent >= 100) return items;
  const count = Math.ceil((items.length * percent) / 100);
  const drawn = items.map((item) => ({ item, order: Math.random() }));
  return drawn
    .toSorted((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ item }) => item);
}

function mayBeRead({ isCold, isReadable }: SoundPack, { readArchived = false }: CheckOptions): boolean {
  return !isCold || (readArchived && isReadable);
}

function noteOnArchived(packs: number, { readArchived = false }: CheckOptions): readonly string[] {
  if (packs === 0) return [];
  const what = packs === 1 ? '1 pack lies' : `${packs} packs lie`;
  const why = readArchived ? 'are not thawed' : 'are read only when that is asked for';
  return [
    `${what} in an archive class, where data ${why}: not read. That they are there with the right size was checked.`,
  ];
}

function notesOn({ unindexed, marked }: PackComparison, isDamaged: boolean): readonly string[] {
  const packs = (count: number): string => `${count} ${count === 1 ? 'pack is' : 'packs are'}`;
  return [
    ...(unindexed > 0
      ? [`${packs(unindexed)} in no index: what an interrupted run left; the next one uses it.`]
      : []),
    ...(marked > 0 ? [`${packs(marked)} marked by a prune; ${fateOfMarked(isDamaged)}`] : []),
  ];
}

/** Of a snapshot that was put back after the prune, no index names what it needs. */
function fateOfMarked(isDamaged: boolean): string {
  return isDamaged
    ? 'what is missing may lie there: `resguardo prune` takes back what a snapshot needs.'
    : 'a later one removes what is still not needed.';
}
