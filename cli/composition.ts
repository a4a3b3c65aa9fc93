import { Repository } from '../repository/repository.ts';
import { compilePatterns, type PathFilter } from '../sources/files/patterns.ts';
import { createFilesSource, type FilesSourceOptions } from '../sources/files/source.ts';
import type { Source } from '../sources/source.ts';
import { openStore } from '../stores/open.ts';
import type { Store } from '../stores/store.ts';
import type { CommandContext } from './context.ts';
import { type RepositoryAccess, type RepositorySelection, resolveAccess } from './repository-access.ts';

/** The one place of the command line that names stores and sources. */

export type { FilesSourceOptions };

export function storeOf({ url }: RepositoryAccess): Store {
  return openStore(url);
}

/** A source for paths that a person gave on the command line. */
export function filesSource(options: FilesSourceOptions): Source {
  return createFilesSource(options);
}

/**
 * Tells whether a path, or a folder above it, has one of the patterns, with restic's meaning.
 * @throws {Failure} InvalidConfiguration for a pattern that is malformed
 */
export function pathMatcher(patterns: readonly string[]): PathFilter {
  return compilePatterns(patterns);
}

/**
 * Opens the repository that a command means, works with it, and closes it.
 * @throws {Failure} RepositoryNotFound, WrongKey, RepositoryUnsupported, and what the work throws
 */
export async function withRepository<T>(
  context: CommandContext,
  selection: RepositorySelection,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const access = await resolveAccess(context, selection);
  const { password, compression } = access;
  const options = compression === undefined ? {} : { compression };
  const repository = await Repository.open(storeOf(access), password, options);
  try {
    return await work(repository);
  } finally {
    await repository.close();
  }
}
