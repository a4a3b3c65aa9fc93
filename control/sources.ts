import type { Catalog } from '../catalog/catalog.ts';
import type { Run } from '../catalog/run-records.ts';
import type { Configuration } from '../configuration/load.ts';

/** A source of the configuration, and what the catalog knows of it. */
export interface SourceState {
  readonly name: string;
  readonly kind: string;
  readonly host: string;
  readonly repository: string;
  readonly tags: readonly string[];
  readonly lastRun?: Run;
  readonly lastGoodRun?: Run;
  /** Snapshots in its repository, as of its last listing. */
  readonly snapshots: number;
  /** ISO in UTC. */
  readonly newestSnapshotAt?: string;
}

/** @throws {Failure} as the catalog */
export async function sourceStates(
  configuration: Configuration,
  catalog: Catalog,
): Promise<readonly SourceState[]> {
  const [last, good, places] = await Promise.all([
    catalog.lastRuns(),
    catalog.lastGoodRuns(),
    catalog.snapshotPlaces(),
  ]);
  return Object.entries(configuration.sources).map(([name, { kind, host, tags }]) => {
    const repository = repositoryOf(configuration, name);
    const lastRun = last.find(({ subject }) => subject === name);
    const lastGoodRun = good.find(({ subject }) => subject === name);
    const place = places.find((at) => at.source === name && at.repository === repository);
    return {
      name,
      kind,
      host: host ?? configuration.host,
      repository,
      tags: tags ?? [],
      ...(lastRun && { lastRun }),
      ...(lastGoodRun && { lastGoodRun }),
      snapshots: place?.snapshots ?? 0,
      ...(place && { newestSnapshotAt: place.newestAt }),
    };
  });
}

/** The configuration was checked: there is one. */
function repositoryOf({ sources, defaultRepository, repositories }: Configuration, name: string): string {
  return sources[name]?.repository ?? defaultRepository ?? Object.keys(repositories)[0] ?? '';
}
