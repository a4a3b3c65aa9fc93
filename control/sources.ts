import type { Catalog } from '../catalog/catalog.ts';
import type { Run } from '../catalog/run-records.ts';
import type { Configuration } from '../configuration/load.ts';
import { placementOf } from '../configuration/placement.ts';
import type { CopyDebt } from '../policy/copies/debt.ts';
import { copyDebts, copyPlaces } from './copies.ts';

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
  /** One for each repository that gets copies, as of the last listings. */
  readonly copies: readonly CopyDebt[];
}

/** @throws {Failure} as the catalog */
export async function sourceStates(
  configuration: Configuration,
  catalog: Catalog,
): Promise<readonly SourceState[]> {
  const [last, good, places, debts] = await Promise.all([
    catalog.lastRuns(),
    catalog.lastGoodRuns(),
    catalog.snapshotPlaces(),
    copyDebts(copyPlaces(configuration), catalog, new Date()),
  ]);
  return Object.entries(configuration.sources).map(([name, { kind, host, tags }]) => {
    const { repository } = placementOf(configuration, name);
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
      copies: debts.filter(({ source }) => source === name),
    };
  });
}
