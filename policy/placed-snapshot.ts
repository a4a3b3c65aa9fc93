import { sourceOf } from './retention/group.ts';
import { epochMs, parseSnapshotTime } from './retention/snapshot-time.ts';

/** Clocks of hosts differ; a snapshot further ahead proves nothing about how fresh the data is. */
export const clockToleranceMs = 5 * 60_000;

/** A snapshot, and the repository that holds it. The catalog keeps these; restic's own fields keep their meaning. */
export interface PlacedSnapshot {
  /** Repository name of the configuration. */
  readonly repository: string;
  readonly id: string;
  /** RFC 3339, as the snapshot has it: when its data was read. */
  readonly time: string;
  readonly hostname?: string;
  readonly paths: readonly string[];
  readonly tags?: readonly string[];
  /** Bytes that a restore gives back, where the writer noted them. */
  readonly sizeBytes?: number;
  /** Bytes of new data as stored, where the writer noted them. */
  readonly storedBytes?: number;
}

/** Snapshots of one source in one repository. */
export interface SnapshotPlaces<S> {
  of(repository: string, source: string): readonly S[];
}

export function snapshotsByPlace<S extends PlacedSnapshot>(snapshots: Iterable<S>): SnapshotPlaces<S> {
  const places = new Map<string, S[]>();
  for (const snapshot of snapshots) {
    const key = placeKey(snapshot.repository, sourceOf(snapshot) ?? '');
    const place = places.get(key);
    if (place) place.push(snapshot);
    else places.set(key, [snapshot]);
  }
  return { of: (repository, source) => places.get(placeKey(repository, source)) ?? [] };
}

/** The newest snapshot that is not of the future. */
export function newestOf<S extends { readonly time: string }>(
  snapshots: readonly S[],
  now: Date,
): S | undefined {
  let newest: S | undefined;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const snapshot of snapshots) {
    const timeMs = timeOf(snapshot);
    if (timeMs > newestMs && timeMs <= now.getTime() + clockToleranceMs)
      [newest, newestMs] = [snapshot, timeMs];
  }
  return newest;
}

/** Milliseconds since 1970 in UTC. */
export function timeOf(snapshot: { readonly time: string }): number {
  return epochMs(parseSnapshotTime(snapshot.time));
}

function placeKey(repository: string, source: string): string {
  return JSON.stringify([repository, source]);
}
