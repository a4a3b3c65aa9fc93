import path from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { loadContextConfiguration, repositoryName } from './configuration.ts';
import type { CommandContext } from './context.ts';
import type { RepositoryAccess } from './repository-access.ts';

/** Where a repository is to lie, and how that is reached. */
export interface Target extends Pick<RepositoryAccess, 'url' | 'access'> {
  /** The entry of the configuration that says so. */
  readonly entry?: string;
}

export interface TargetSelection {
  readonly to?: string;
  readonly toRepository?: string;
}

/** @throws {Failure} InvalidInput when no place is named, or two; InvalidConfiguration */
export async function targetOf(
  context: CommandContext,
  { to, toRepository }: TargetSelection,
): Promise<Target> {
  if ((to === undefined) === (toRepository === undefined)) {
    throw new Failure('InvalidInput', 'Where is the repository to be moved to?', {
      advice: 'Give either --to URL or --to-repository NAME.',
    });
  }
  // A relative path of the configuration begins at its file, not here.
  if (to !== undefined) return { url: /^[a-z0-9]+:/.test(to) ? to : path.resolve(context.cwd, to) };
  const configuration = await loadContextConfiguration(context);
  const entry = repositoryName(configuration, toRepository);
  const repository = configuration.repositories[entry];
  if (repository === undefined) throw new Failure('Internal', `The repository ${entry} has gone`);
  const { url, caFile, s3, azure, gcs, sftp } = repository;
  return { entry, url, access: { caFile, s3, azure, gcs, sftp } };
}
