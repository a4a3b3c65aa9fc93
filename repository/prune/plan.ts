import { BlobNumbers } from '../blob-numbers.ts';
import type { BlobReader } from '../blobs.ts';
import type { MarkedPack } from '../index/index-file.ts';
import type { PackFile } from '../pack/pack-reader.ts';
import type { Repository } from '../repository.ts';
import { type ChosenPacks, choosePacks, type PruneLimits } from './choose-packs.ts';
import { type Held, type LeastStay, PacksInStore } from './held-packs.ts';
import { MarkedPacks } from './marked-packs.ts';
import { type BlobSum, findUseOfPacks, type PackUse, type UseOfPacks } from './pack-use.ts';
import { addUsedBlobs } from './used-blobs.ts';

/** Longer than any run is between storing and committing, and enough to notice a mistake. */
export const defaultDeleteDelayMs = 24 * 60 * 60 * 1000;

export interface PlanOptions extends Omit<PruneLimits, 'isCold'> {
  /** How long packs stay in the store once they are not needed, in ms. None when left out. */
  readonly deleteDelayMs?: number;
  /** What is billed for longer anyway is removed when that is over. Left out, nothing waits for it. */
  readonly leastStayMs?: LeastStay;
  /** The time now, for tests. */
  readonly nowMs?: number;
  /** Ids of snapshots that are taken for gone: for the dry run of a `forget` that prunes. */
  readonly ignoreSnapshots?: ReadonlySet<string>;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: {
    readonly snapshotsDone: number;
    readonly snapshotsTotal: number;
  }) => void;
}

/** Numbers of a plan. Bytes are of sealed blobs, without headers; of whole files in `unindexed`. */
export interface PruneStatistics {
  readonly blobs: {
    readonly used: number;
    readonly duplicate: number;
    readonly unused: number;
    /** Blobs of the packs that are packed anew. */
    readonly repack: number;
    /** Those of them that are left out. */
    readonly repackRemoved: number;
    /** Blobs of the packs that go. */
    readonly remove: number;
  };
  readonly bytes: {
    readonly used: number;
    readonly duplicate: number;
    readonly unused: number;
    readonly unindexed: number;
    readonly repack: number;
    readonly repackRemoved: number;
    readonly remove: number;
    /** All that is freed, at once or after the delay. */
    readonly removeTotal: number;
    /** What of it stays until the delay is over, as far as this prune marks it. */
    readonly delayed: number;
    /** Packs that an earlier prune has marked and this one removes: whole files. */
    readonly expired: number;
    /** What stays though it is not needed. */
    readonly remainingUnused: number;
  };
  readonly packs: {
    readonly used: number;
    readonly partlyUsed: number;
    readonly unused: number;
    readonly unindexed: number;
    readonly keep: number;
    readonly repack: number;
    readonly remove: number;
    /** Named by an index, gone, and not needed: they are taken from the index. */
    readonly missing: number;
    /** Marked by this prune, and removed by a later one. */
    readonly delayed: number;
    /** Marked by an earlier prune, and removed by this one. */
    readonly expired: number;
  };
  /** What is not needed and stays, because the service bills it until then anyway. */
  readonly held: Held;
}

export interface PrunePlan {
  readonly statistics: PruneStatistics;
  /** What snapshots need. The numbers are the plan's own. */
  readonly needed: BlobNumbers;
  readonly remove: ReadonlySet<string>;
  readonly repack: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
  /** Packs that no index names, and that are removed at once. */
  readonly unindexed: readonly string[];
  /** Whether packs are marked, and not removed at once. */
  readonly isDelayed: boolean;
  /** The marks that are to be there at the end, but for those of packs in `remove` and `repack`. */
  readonly marks: readonly MarkedPack[];
  /** Marked packs that are needed after all. */
  readonly rescued: readonly MarkedPack[];
  /** Marked packs whose time is over. */
  readonly expired: readonly string[];
  readonly nowMs: number;
}

/**
 * Plans a prune. The caller holds an exclusive lock: what a run under way has stored already would count as unused.
 * @throws {Failure} RepositoryDamaged when anything that a snapshot needs is not there
 */
export async function planPrune(repository: Repository, options: PlanOptions): Promise<PrunePlan> {
  const { signal, deleteDelayMs = 0, nowMs = Date.now() } = options;
  await repository.loadIndex(signal);
  const marked = await MarkedPacks.load(repository, signal);
  const needed = await findNeeded(repository, marked.reader, options);
  // What is needed after all: a snapshot that was put back, or one whose commit another program made.
  const rescued = [...marked.neededOf(needed)].flatMap((id) => marked.packs.get(id) ?? []);
  for (const pack of rescued) repository.index.addPack(pack);
  const stored = await Array.fromAsync(repository.store.list('data', signal));
  const inStore = new PacksInStore(stored, options.leastStayMs ?? (() => 0), nowMs);
  const files = stored.map(({ name, sizeBytes }): PackFile => ({ id: name, sizeBytes }));
  const sizes = new Map(files.map(({ id, sizeBytes }) => [id, sizeBytes]));
  const use = findUseOfPacks(repository.index, needed, sizes);
  const chosen = unheld(choosePacks(use, { ...options, isCold: inStore.isCold }), inStore);
  const isDelayed = deleteDelayMs > 0;
  const unindexed = inStore.removable(
    files.filter(({ id }) => !repository.index.hasPack(id) && !marked.packs.has(id)),
    ({ id }) => id,
  );
  const waiting = [...marked.packs.values()].filter(({ id }) => !repository.index.hasPack(id));
  const due = waiting.filter(({ markedMs }) => markedMs + deleteDelayMs <= nowMs);
  const going = new Set(inStore.removable(due, ({ id }) => id));
  const marks = waiting.filter((pack) => !going.has(pack));
  const expired = [...going].map(({ id }) => ({ id, sizeBytes: sizes.get(id) ?? 0 }));
  return {
    statistics: { ...statistics(use, chosen, { unindexed, expired, isDelayed }), held: inStore.held },
    needed,
    remove: idsOf(chosen.remove),
    repack: idsOf(chosen.repack),
    missing: new Set(use.missing),
    unindexed: isDelayed ? [] : unindexed.map(({ id }) => id),
    isDelayed,
    marks: isDelayed ? [...marks, ...unindexed.map(({ id }) => ({ id, blobs: [], markedMs: nowMs }))] : marks,
    rescued,
    expired: expired.map(({ id }) => id),
    nowMs,
  };
}

async function findNeeded(
  repository: Repository,
  reader: BlobReader,
  { ignoreSnapshots = new Set(), signal, onProgress }: PlanOptions,
): Promise<BlobNumbers> {
  const trees: string[] = [];
  for await (const { id, tree } of repository.snapshots(signal))
    if (!ignoreSnapshots.has(id)) trees.push(tree);
  const needed = new BlobNumbers();
  for (const [index, tree] of trees.entries()) {
    onProgress?.({ snapshotsDone: index, snapshotsTotal: trees.length });
    await addUsedBlobs(needed, { reader, tree }, signal);
  }
  return needed;
}

/** What is chosen to go, but for what stays because it is billed anyway. */
function unheld({ keep, repack, remove }: ChosenPacks, inStore: PacksInStore): ChosenPacks {
  const going = new Set(inStore.removable(remove, ({ id }) => id));
  return { keep: [...keep, ...remove.filter((pack) => !going.has(pack))], repack, remove: [...going] };
}

function statistics(
  use: UseOfPacks,
  { keep, repack, remove }: ChosenPacks,
  { unindexed, expired, isDelayed }: OtherPacks,
): Omit<PruneStatistics, 'held'> {
  const [unindexedBytes, expiredBytes] = [bytesOfFiles(unindexed), bytesOfFiles(expired)];
  const [removed, repacked] = [sumOf(remove), sumOf(repack)];
  const gone = removed.unusedBytes + repacked.unusedBytes;
  return {
    blobs: {
      used: use.used.blobs,
      duplicate: use.duplicate.blobs,
      unused: use.unused.blobs,
      repack: repacked.blobs,
      repackRemoved: repacked.unusedBlobs,
      remove: removed.unusedBlobs,
    },
    bytes: {
      ...bytesOf(use),
      unindexed: unindexedBytes,
      repack: repacked.bytes,
      repackRemoved: repacked.unusedBytes,
      remove: removed.unusedBytes,
      removeTotal: gone + unindexedBytes + expiredBytes,
      delayed: isDelayed ? gone + unindexedBytes : 0,
      expired: expiredBytes,
      remainingUnused: use.duplicate.bytes + use.unused.bytes - gone,
    },
    packs: {
      used: use.packs.filter(({ usedBlobs, unusedBlobs }) => usedBlobs > 0 && unusedBlobs === 0).length,
      partlyUsed: use.packs.filter(({ usedBlobs, unusedBlobs }) => usedBlobs > 0 && unusedBlobs > 0).length,
      unused: remove.length,
      unindexed: unindexed.length,
      keep: keep.length,
      repack: repack.length,
      remove: remove.length,
      missing: use.missing.length,
      delayed: isDelayed ? remove.length + repack.length + unindexed.length : 0,
      expired: expired.length,
    },
  };
}

/** Packs that no index names. */
interface OtherPacks {
  readonly unindexed: readonly PackFile[];
  readonly expired: readonly PackFile[];
  readonly isDelayed: boolean;
}

function bytesOfFiles(files: readonly PackFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function bytesOf({ used, duplicate, unused }: Record<'used' | 'duplicate' | 'unused', BlobSum>) {
  return { used: used.bytes, duplicate: duplicate.bytes, unused: unused.bytes };
}

function sumOf(packs: readonly PackUse[]) {
  const sum = { blobs: 0, unusedBlobs: 0, bytes: 0, unusedBytes: 0 };
  for (const { usedBlobs, unusedBlobs, usedBytes, unusedBytes } of packs) {
    sum.blobs += usedBlobs + unusedBlobs;
    sum.unusedBlobs += unusedBlobs;
    sum.bytes += usedBytes + unusedBytes;
    sum.unusedBytes += unusedBytes;
  }
  return sum;
}

function idsOf(packs: readonly PackUse[]): ReadonlySet<string> {
  return new Set(packs.map(({ id }) => id));
}
