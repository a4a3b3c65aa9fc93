import type { CheckInput } from '../contracts/activities.ts';
import type { VerificationResult } from '../contracts/jobs.ts';
import { checkRepository } from '../repository/check/check.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';
import { withRepository } from './with-repository.ts';

/** Checks a repository or one snapshot of it. Damage is a result: the workflow tells of it, and fails. */
export async function checkInRepository(
  dependencies: ActivityDependencies,
  { repository: name, snapshot, readDataPercent, readDataPart }: CheckInput,
  { signal: stop, report }: Step,
): Promise<VerificationResult> {
  const startedAt = new Date().toISOString();
  return await withRepository(dependencies, name, (repository) =>
    withLock(repository, { exclusive: false, signal: stop }, async (signal) => {
      const found = await checkRepository(repository, {
        ...(snapshot !== undefined && { snapshot }),
        readDataPercent,
        ...(readDataPart !== undefined && { readDataPart }),
        signal,
        onProgress: ({ packsDone, packsTotal, snapshotsDone, bytesRead, bytesTotal, step, current }) =>
          report({
            filesDone: packsDone + snapshotsDone,
            totalFiles: packsTotal,
            bytesDone: bytesRead,
            totalBytes: bytesTotal,
            current: current === undefined ? step : `${step}: ${current}`,
          }),
      });
      const { snapshots, packs, blobs, bytesRead, damages, damageCount, notes } = found;
      const finishedAt = new Date().toISOString();
      return {
        repository: name,
        snapshots,
        packs,
        blobs,
        bytesRead,
        damages,
        damageCount,
        ...(notes.length > 0 && { notes }),
        startedAt,
        finishedAt,
      };
    }),
  );
}
