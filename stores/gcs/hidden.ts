import { HiddenSum } from '../hidden-sum.ts';
import type { HiddenFiles } from '../store.ts';
import { field } from './field.ts';
import type { Listing } from './listing.ts';
import type { GcsLocation } from './location.ts';
import { daysOfOldVersions } from './rules.ts';

const dayMs = 86_400_000;

export interface HiddenLook {
  /** What the service tells of the bucket, with versioning, softDeletePolicy and lifecycle. */
  readonly bucket: unknown;
  readonly at: GcsLocation;
  /** Lists what lies below the prefix, page by page. */
  readonly pages: (query: Readonly<Record<string, string>>) => AsyncIterable<Listing>;
}

/**
 * What was removed and still takes space: older versions, which a lifecycle rule of the bucket may remove, and objects
 * that are deleted softly, for seven days unless the bucket says otherwise. Undefined for a bucket that keeps neither.
 */
export async function findHidden({ bucket, at, pages }: HiddenLook): Promise<HiddenFiles | undefined> {
  const isVersioned = field(field(bucket, 'versioning'), 'enabled') === true;
  const softMs = Number(field(field(bucket, 'softDeletePolicy'), 'retentionDurationSeconds') ?? 0) * 1000;
  if (!isVersioned && softMs === 0) return undefined;
  const days = daysOfOldVersions(bucket, at);
  const sum = new HiddenSum();
  for await (const { items } of isVersioned ? pages({ versions: 'true' }) : []) {
    for (const { name, size, deletedAt } of items) {
      if (deletedAt === undefined) continue;
      const keptMs = days === undefined ? Number.POSITIVE_INFINITY : days * dayMs + softMs;
      sum.add(name, size, deletedAt.getTime() + keptMs);
    }
  }
  for await (const { items } of softMs > 0 ? pages({ softDeleted: 'true' }) : []) {
    for (const { name, size, goneAt } of items) {
      if (goneAt !== undefined) sum.add(name, size, goneAt.getTime());
    }
  }
  return sum.total();
}
