import type { FileType } from '../../stores/store.ts';
import { Compressor } from '../compression.ts';
import { LockedFiles, type LockedSum, removeFiles } from '../remove-files.ts';
import type { Repository } from '../repository.ts';
import { type Failpoint, SealedFiles } from '../sealed-files.ts';
import { takeBack } from './marked-packs.ts';
import type { PrunePlan } from './plan.ts';
import { repackBlobs } from './repack.ts';
import { assertComplete, rewriteIndex } from './rewrite-index.ts';

/** restic's size. */
const defaultPackBytes = 16 * 1024 * 1024;

export interface PruneOptions {
  /** Aborted by the caller, and when the lock is lost. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: PruneProgress) => void;
  readonly packSizeBytes?: number;
  /** Called before and after each put and removal, for tests that stop a prune there. */
  readonly failpoint?: Failpoint;
}

export interface PruneProgress {
  readonly step: 'unindexed' | 'repack' | 'index' | 'remove';
  /** Packs of the step: packed anew, or removed. */
  readonly packsDone: number;
  readonly packsTotal: number;
}

export interface PruneResult {
  readonly packsRemoved: number;
  /** Packs that a later prune removes. */
  readonly packsMarked: number;
  readonly packsWritten: number;
  readonly indexFilesRemoved: number;
  /** What the service does not let go yet; a later prune removes it. */
  readonly locked?: LockedSum;
}

/**
 * Carries out a plan. The order makes it safe to be stopped at any point:
 * 1. packs that no index names are removed, and marked packs that turned out to be needed are indexed again;
 * 2. what is needed of the packs to be packed anew is copied into new ones, which are indexed;
 * 3. index files are written that stand in for those which name packs that go;
 * 4. the index that will stay is read back: every needed blob must be in it;
 * 5. the index files of the past are removed;
 * 6. packs that no index names any more are removed. With a delay they are marked in step 3 instead, and a prune
 *    after the delay removes them: until then `commitSnapshot` takes back what a run stored before this prune and
 *    commits after it.
 * What the service keeps under a retention lock or a hold stays, and the rest goes: while an index file stays, so do the
 * packs of step 6, which it may name.
 * A prune that was stopped is finished by the next one. The caller has held its exclusive lock since before the
 * plan was made; once it is lost, the store refuses to write and to remove.
 */
export async function executePrune(
  repository: Repository,
  plan: PrunePlan,
  options: PruneOptions,
): Promise<PruneResult> {
  const { signal, failpoint, packSizeBytes = defaultPackBytes } = options;
  const { store, sealing } = repository;
  const compressor = new Compressor('default');
  const files = new SealedFiles({ store, sealing, compressor, failpoint });
  const locked = new LockedFiles();
  const remove = (step: PruneProgress['step'], type: FileType, names: readonly string[]): Promise<void> => {
    const report = (packsDone: number): void =>
      options.onProgress?.({ step, packsDone, packsTotal: names.length });
    return removeFiles(store, { type, names, signal, failpoint, locked, onRemoved: report });
  };
  const unindexed = plan.unindexed;
  await remove('unindexed', 'data', unindexed);
  const dropped = [...plan.remove, ...plan.repack];
  if (plan.rescued.length > 0) await takeBack(repository, plan.rescued, signal);
  const { delayed } = plan.statistics.packs;
  if (dropped.length + delayed + plan.missing.size + plan.rescued.length + plan.expired.length === 0) {
    const packsRemoved = unindexed.length - locked.sum.files;
    return { packsRemoved, packsMarked: 0, packsWritten: 0, indexFilesRemoved: 0, ...locked.told };
  }
  let packsDone = 0;
  const onPack = (): void =>
    options.onProgress?.({ step: 'repack', packsDone: ++packsDone, packsTotal: plan.repack.size });
  const repack = { files, compressor, packBytes: packSizeBytes, failpoint, signal, onPack };
  const { packsWritten } = await repackBlobs(repository, plan, repack);
  const { obsolete } = await rewriteIndex(repository, { plan, files, signal });
  await assertComplete(repository, { plan, files, obsolete, signal });
  await remove('index', 'index', obsolete);
  const isIndexLocked = obsolete.some((name) => locked.has(name));
  const leaving = plan.isDelayed ? [] : dropped;
  if (isIndexLocked) {
    const { until } = locked.sum;
    for (const name of leaving) await locked.add(store, { type: 'data', name }, { until });
  }
  const removed = [...plan.expired, ...leaving].filter((name) => !locked.has(name));
  await remove('remove', 'data', removed);
  await repository.loadIndex(signal);
  const gone = (names: readonly string[]): number => names.filter((name) => !locked.has(name)).length;
  return {
    packsRemoved: gone(unindexed) + gone(removed),
    packsMarked: delayed,
    packsWritten,
    indexFilesRemoved: gone(obsolete),
    ...locked.told,
  };
}
