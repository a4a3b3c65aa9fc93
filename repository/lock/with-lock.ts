import type { Repository } from '../repository.ts';
import type { LockRequest } from './lock.ts';

/**
 * Works under a lock of the repository. The signal that the work gets also aborts when the lock is lost. Under a
 * shared lock the work begins to read while the lock settles.
 * @throws {Failure} RepositoryLocked, and what the work throws
 */
export async function withLock<T>(
  repository: Repository,
  request: LockRequest & { readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await repository.lock({ ...request, readsEarly: true });
  try {
    return await work(AbortSignal.any([request.signal, lock.lost]));
  } finally {
    await lock.release();
  }
}
