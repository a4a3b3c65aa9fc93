import type { CopyRoute, CopyStepResult } from '../contracts/activities.ts';
import { isFailure } from '../contracts/failures.ts';
import { dueForCopy } from '../policy/copies/due.ts';
import { copySnapshots } from '../repository/copy.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import type { Repository } from '../repository/repository.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { matchesFilter } from '../repository/snapshot-filter.ts';
import { describingBlobs } from '../restore/describing-blobs.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';
import { withRepository } from './with-repository.ts';

/** More would make a history heavy; the count has all. */
const listedDamages = 20;

/**
 * Copies what the other repository lacks, blob by blob: the source is not read again. A second attempt goes on
 * where an earlier one has stopped. What both repositories hold then is entered into the catalog.
 */
export async function copyToRepository(
  dependencies: ActivityDependencies,
  route: CopyRoute,
  step: Step,
): Promise<CopyStepResult> {
  return await withRepository(dependencies, route.from, (from) =>
    withLock(from, { exclusive: false, signal: step.signal }, async (underFirst) => {
      const originals = await Array.fromAsync(from.snapshots(underFirst));
      // Before the other repository is tried: what it lacks while it is away is known so.
      await dependencies.history.recordSnapshots(route.from, originals);
      const to = await openOrCreate(dependencies, route.to, from);
      try {
        return await withLock(to, { exclusive: false, signal: underFirst }, (signal) =>
          copyDue({ dependencies, route, from, originals, to, step, signal }),
        );
      } finally {
        await to.close();
      }
    }),
  );
}

interface Copying {
  readonly dependencies: ActivityDependencies;
  readonly route: CopyRoute;
  readonly from: Repository;
  readonly originals: readonly Snapshot[];
  readonly to: Repository;
  readonly step: Step;
  readonly signal: AbortSignal;
}

async function copyDue(copying: Copying): Promise<CopyStepResult> {
  const { dependencies, route, from, originals, to, step, signal } = copying;
  const copies = await Array.fromAsync(to.snapshots(signal));
  const snapshots = route.sources.flatMap((source) => {
    const due = dueForCopy({ originals: ofSource(originals, source), copies: ofSource(copies, source) });
    return route.newestOnly === true ? due.slice(-1) : due;
  });
  const damages: string[] = [];
  const result = await copySnapshots({
    from,
    to,
    snapshots,
    signal,
    describing: ({ tree }) => describingBlobs(from, tree, signal),
    onProgress: ({ snapshotsDone, snapshotsTotal, bytesDone }) =>
      step.report({
        filesDone: snapshotsDone,
        totalFiles: snapshotsTotal,
        bytesDone,
        bytesStored: bytesDone,
        current: `snapshot ${snapshotsDone + 1} of ${snapshotsTotal}`,
      }),
    onDamage: ({ id }, { message }) =>
      damages.push(`Snapshot ${id.slice(0, 8)} in ${route.from}: ${message}`),
  });
  await dependencies.history.recordSnapshots(route.to, await Array.fromAsync(to.snapshots(signal)));
  return {
    snapshots: result.copied.length,
    blobs: result.blobs,
    bytes: result.bytes,
    damages: damages.slice(0, listedDamages),
    damageCount: damages.length,
  };
}

function ofSource(snapshots: readonly Snapshot[], source: string): readonly Snapshot[] {
  return snapshots.filter((snapshot) => matchesFilter(snapshot, { source }));
}

async function openOrCreate(
  { openRepository, createCopyRepository }: ActivityDependencies,
  name: string,
  original: Repository,
): Promise<Repository> {
  try {
    return await openRepository(name);
  } catch (error) {
    if (!isFailure(error, 'RepositoryNotFound')) throw error;
    return await createCopyRepository(name, original);
  }
}
