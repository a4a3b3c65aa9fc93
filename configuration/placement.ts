import type { Configuration } from './load.ts';

/** Repositories of a source, by their names: where it is backed up to, and where copies go. */
export interface Placement {
  readonly source: string;
  readonly repository: string;
  readonly copiesIn: readonly string[];
}

/** Where each source of a checked configuration has its snapshots, in the order of the configuration. */
export function placements(configuration: Configuration): readonly Placement[] {
  return Object.keys(configuration.sources).map((source) => placementOf(configuration, source));
}

export function placementOf(configuration: Configuration, source: string): Placement {
  const { sources, repositories, defaultRepository, defaultCopies } = configuration;
  const own = Object.hasOwn(sources, source) ? sources[source] : undefined;
  const repository = own?.repository ?? defaultRepository ?? Object.keys(repositories)[0] ?? '';
  const copies = (own?.copies ?? defaultCopies).filter((name) => name !== repository);
  return { source, repository, copiesIn: [...new Set(copies)] };
}
