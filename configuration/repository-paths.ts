import path from 'node:path';
import { absoluteReference } from './references.ts';
import type { RepositoryConfiguration } from './repositories-schema.ts';

/** A repository of the configuration with its folder, files and references absolute. */
export function repositoryWithPaths(
  folder: string,
  repository: RepositoryConfiguration,
): RepositoryConfiguration {
  const { url, password, caFile, prune } = repository;
  return {
    ...repository,
    ...accessWithPaths(folder, repository),
    url: absoluteUrl(folder, url),
    password: absoluteReference(folder, password),
    ...(caFile !== undefined && { caFile: path.resolve(folder, caFile) }),
    prune: {
      ...prune,
      ...accessWithPaths(folder, prune),
      ...(prune.url !== undefined && { url: absoluteUrl(folder, prune.url) }),
      ...(prune.password !== undefined && { password: absoluteReference(folder, prune.password) }),
    },
  };
}

type Access = Pick<RepositoryConfiguration, 's3' | 'azure' | 'gcs' | 'sftp'>;

function accessWithPaths(folder: string, { s3, azure, gcs, sftp }: Access): Access {
  return {
    ...(s3 !== undefined && { s3: withReferences(folder, s3) }),
    ...(azure !== undefined && { azure: withReferences(folder, azure) }),
    ...(gcs !== undefined && { gcs: withReferences(folder, gcs) }),
    ...(sftp !== undefined && { sftp: withKnownHosts(folder, withReferences(folder, sftp)) }),
  };
}

function absoluteUrl(folder: string, url: string): string {
  return isPath(url) ? path.resolve(folder, url) : url;
}

/** Whether a repository URL is a folder of this machine. */
function isPath(url: string): boolean {
  return !/^[a-z0-9]{2,}:/.test(url);
}

/** No field of a group that is not a reference starts with `file:`. */
function withReferences<T extends object>(folder: string, group: T): T {
  const absolute: T = { ...group };
  for (const [field, value] of Object.entries(group)) {
    if (typeof value === 'string') Object.assign(absolute, { [field]: absoluteReference(folder, value) });
  }
  return absolute;
}

type Sftp = NonNullable<RepositoryConfiguration['sftp']>;

function withKnownHosts(folder: string, sftp: Sftp): Sftp {
  const { knownHostsFile } = sftp;
  return knownHostsFile === undefined
    ? sftp
    : { ...sftp, knownHostsFile: path.resolve(folder, knownHostsFile) };
}
