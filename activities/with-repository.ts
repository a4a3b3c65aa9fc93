import type { Repository } from '../repository/repository.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Opens a repository of the configuration, works with it, and closes it. */
export async function withRepository<T>(
  { openRepository }: ActivityDependencies,
  name: string,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const repository = await openRepository(name);
  try {
    return await work(repository);
  } finally {
    await repository.close();
  }
}

/**
 * Works under a shared lock, so that nothing is removed meanwhile. The signal that the work gets also aborts
 * when the lock is lost.
 * @throws {Failure} RepositoryLocked
 */
export async function withLock<T>(
  repository: Repository,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await repository.lock({ exclusive: false, signal });
  try {
    return await work(AbortSignal.any([signal, lock.lost]));
  } finally {
    await lock.release();
  }
}
