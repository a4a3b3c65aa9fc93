import type { LockRenewal, LockRequest } from '../contracts/activities.ts';
import { Failure } from '../contracts/failures.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';

/** Locks the objects of a repository anew, and proves that the locks hold. */
export async function renewObjectLocks(
  { openObjectLocks }: ActivityDependencies,
  { repository, at }: LockRequest,
  { signal, report }: Step,
): Promise<LockRenewal> {
  const locks = await openObjectLocks(repository);
  try {
    const now = new Date(at);
    let filesDone = 0;
    const onObject = (): void => {
      filesDone += 1;
      report({ filesDone });
    };
    const { objects } = await locks.renewLocks(now, signal, onObject);
    if ((await locks.proveLock(now, signal)) === 'refused') return { repository, objects };
    throw new Failure(
      'RepositoryUnsupported',
      `The bucket of ${repository} has let a locked object be removed: its locks protect nothing`,
      { advice: 'Make a bucket with object lock in a service that keeps it, and copy the repository there.' },
    );
  } finally {
    locks.close();
  }
}
