import { type PlacedSnapshot, timeOf } from '../placed-snapshot.ts';

/** The snapshots of one source in the two repositories of a route. */
export interface CopyState<S extends Pick<PlacedSnapshot, 'time'>> {
  /** Where the source is backed up to. */
  readonly originals: readonly S[];
  /** Where they are copied to. */
  readonly copies: readonly S[];
}

/**
 * The snapshots that are to be copied, the oldest first: those that are newer than the newest copy. Older ones
 * have been copied, and what of them is gone has been forgotten there by the rules of that repository.
 */
export function dueForCopy<S extends Pick<PlacedSnapshot, 'time'>>({
  originals,
  copies,
}: CopyState<S>): readonly S[] {
  const newestMs = Math.max(Number.NEGATIVE_INFINITY, ...copies.map(timeOf));
  return originals
    .filter((original) => timeOf(original) > newestMs)
    .toSorted((left, right) => timeOf(left) - timeOf(right));
}
