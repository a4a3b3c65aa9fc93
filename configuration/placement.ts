import { isFrozenClass } from '../contracts/storage-classes.ts';
import type { Configuration } from './load.ts';

/** Repositories of a source, by their names: where it is backed up to, and where copies go. */
export interface Placement {
  readonly source: string;
  readonly repository: string;
  readonly copiesIn: readonly string[];
  /** Archives that get its newest snapshot once a month. */
  readonly archivesIn: readonly string[];
}

/** Whether data of a repository lies in a class that has to be thawed before it is read. */
export function mayBeFrozen({ repositories }: Configuration, name: string): boolean {
  const { s3, azure } = Object.hasOwn(repositories, name) ? (repositories[name] ?? {}) : {};
  return isFrozenClass(s3?.storageClass ?? azure?.accessTier);
}

/** Where each source of a checked configuration has its snapshots, in the order of the configuration. */
export function placements(configuration: Configuration): readonly Placement[] {
  return Object.keys(configuration.sources).map((source) => placementOf(configuration, source));
}

export function placementOf(configuration: Configuration, source: string): Placement {
  const { sources, repositories, defaultRepository, defaultCopies } = configuration;
  const own = Object.hasOwn(sources, source) ? sources[source] : undefined;
  const repository = own?.repository ?? defaultRepository ?? Object.keys(repositories)[0] ?? '';
  const copies = [...new Set(own?.copies ?? defaultCopies)].filter((name) => name !== repository);
  const isArchive = (name: string): boolean =>
    Object.hasOwn(repositories, name) && repositories[name]?.archive === true;
  const openArchives = archivesOf(configuration).filter((name) => !isNamed(configuration, name));
  return {
    source,
    repository,
    copiesIn: copies.filter((name) => !isArchive(name)),
    archivesIn: [...copies.filter(isArchive), ...openArchives.filter((name) => name !== repository)],
  };
}

/** Repositories that are archives, in the order of their names. */
export function archivesOf({ repositories }: Configuration): readonly string[] {
  return Object.entries(repositories)
    .flatMap(([name, { archive }]) => (archive ? [name] : []))
    .toSorted();
}

/** Whether any source says that it goes there; an archive that none names gets all of them. */
function isNamed({ sources, defaultCopies }: Configuration, archive: string): boolean {
  return [defaultCopies, ...Object.values(sources).map(({ copies = [] }) => copies)].some((names) =>
    names.includes(archive),
  );
}
