import type { SafetyRequest } from '../contracts/activities.ts';
import { Failure } from '../contracts/failures.ts';
import type { Warning } from '../contracts/jobs.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import type { Repository } from '../repository/repository.ts';
import { type Cover, coverOf } from '../restore/files/cover.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';
import { withRepository } from './with-repository.ts';

/**
 * Looks whether all that a restore in place would overwrite is in the backup that was taken of it; warns of what was
 * written to since.
 * @throws {Failure} TargetConflict naming what is not
 */
export async function checkSafety(
  dependencies: ActivityDependencies,
  { plan, safety }: SafetyRequest,
  { signal: stop, report }: Step,
): Promise<readonly Warning[]> {
  const cover = await reading(dependencies, { name: plan.source.repository, stop }, (from, signal) => {
    const work = (backup?: { readonly reader: Repository; readonly tree: string }): Promise<Cover> =>
      coverOf({
        restored: { reader: from, tree: plan.tree },
        safety: backup,
        include: plan.include,
        signal,
        onProgress: report,
      });
    if (safety === undefined) return work();
    return reading(dependencies, { name: safety.source.repository, stop: signal }, async (reader) =>
      work({ reader, tree: (await reader.findSnapshot(safety.snapshot)).tree }),
    );
  });
  refuseMissing(cover);
  return cover.changed.paths.map((subject) => ({
    subject,
    message: 'it was written to after the safety backup: what came then was overwritten',
  }));
}

interface Reading {
  readonly name: string;
  readonly stop: AbortSignal;
}

async function reading<T>(
  dependencies: ActivityDependencies,
  { name, stop }: Reading,
  work: (repository: Repository, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await withRepository(dependencies, name, (repository) =>
    withLock(repository, { exclusive: false, signal: stop }, async (signal) => {
      await repository.loadIndex(signal);
      return await work(repository, signal);
    }),
  );
}

function refuseMissing({ missing: { count, paths } }: Cover): void {
  if (count === 0) return;
  const [first] = paths;
  const message = `${count} files would be overwritten that are not in the safety backup, the first of them ${first}; nothing was overwritten`;
  const advice =
    'Move them away, or let the source cover them (paths, exclude, rights to read). Or restore a part with --include, or go on without a way back: --no-safety-backup.';
  throw new Failure('TargetConflict', message, { advice });
}
