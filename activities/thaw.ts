import type { ThawRequest, ThawStatus } from '../contracts/thaw.ts';
import { describeThaw } from '../policy/cost/thaw-status.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import { findNeededPacks } from '../repository/thaw/needed-packs.ts';
import { thawPacks, unreadable } from '../repository/thaw/thaw-packs.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';
import { withRepository } from './with-repository.ts';

/**
 * Looks how much of a snapshot can be read, and asks for the rest if that is wanted. Looking again tells how far it is;
 * nothing is remembered between the looks.
 */
export async function thawSnapshot(
  dependencies: ActivityDependencies,
  { repository: name, source, snapshot: wanted, include, wish }: ThawRequest,
  step: Step,
): Promise<ThawStatus> {
  return await withRepository(dependencies, name, (repository) =>
    withLock(repository, { exclusive: false, signal: step.signal }, async (signal) => {
      const { id, tree, time } = await repository.findSnapshot(wanted, { source });
      await repository.loadIndex(signal);
      let looked = 0;
      const onStep = (): void => step.report({ filesDone: ++looked });
      const { packs, blobBytes } = await findNeededPacks(repository, { tree, include }, { signal, onStep });
      const found = unreadable(packs);
      let filesDone = 0;
      const onPack = (): void => step.report({ filesDone: ++filesDone, totalFiles: found.frozen.length });
      const left =
        wish === undefined ? found : await thawPacks(repository.store, found, { wish, signal, onPack });
      const { location } = repository.store;
      const prices = await dependencies.prices();
      const status = describeThaw(location, { packs, blobBytes }, left, prices);
      return { snapshot: id, snapshotTime: time, ...status };
    }),
  );
}
