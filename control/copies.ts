import type { Catalog } from '../catalog/catalog.ts';
import type { Configuration } from '../configuration/load.ts';
import { placements } from '../configuration/placement.ts';
import { parseDuration } from '../contracts/duration.ts';
import { type CopyDebt, type CopyPlace, copyDebt } from '../policy/copies/debt.ts';
import { type FreshnessLimits, freshnessWithin } from '../policy/freshness.ts';
import { snapshotsByPlace } from '../policy/placed-snapshot.ts';

const hourMs = 3_600_000;

/** Every copy that the configuration asks for. */
export function copyPlaces(configuration: Configuration): readonly CopyPlace[] {
  return placements(configuration).flatMap(({ source, repository, copiesIn }) =>
    copiesIn.map((copyIn) => ({ source, repository, copyIn, limits: freshnessOf(configuration, source) })),
  );
}

/**
 * How far each copy is behind, as of the last listings of the repositories.
 * @throws {Failure} as the catalog
 */
export async function copyDebts(
  places: readonly CopyPlace[],
  catalog: Catalog,
  now: Date,
): Promise<readonly CopyDebt[]> {
  if (places.length === 0) return [];
  const held = snapshotsByPlace(await catalog.snapshots());
  return places.map((place) => copyDebt(held, place, now));
}

/** What the policies promise of the age of a source's newest snapshot. */
export function freshnessOf({ sources, policies }: Configuration, source: string): FreshnessLimits {
  const kind = sources[source]?.kind;
  const age = (kind && policies.freshness[kind]) ?? policies.freshness.default;
  return freshnessWithin((parseDuration(age) ?? 24 * hourMs) / hourMs);
}
