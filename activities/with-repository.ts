import type { Repository } from '../repository/repository.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Opens a repository of the configuration, works with it, and closes it. */
export async function withRepository<T>(
  { openRepository }: ActivityDependencies,
  name: string,
  work: (repository: Repository) => Promise<T>,
  runId?: string,
): Promise<T> {
  const repository = await openRepository(name, runId);
  try {
    return await work(repository);
  } finally {
    await repository.close();
  }
}
