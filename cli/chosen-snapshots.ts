import type { Repository } from '../repository/repository.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { matchesFilter } from '../repository/snapshot-filter.ts';
import { byTime } from './output/snapshot.ts';
import { type SnapshotOptions, snapshotFilter } from './snapshot-options.ts';

/**
 * The snapshots that a command means, the oldest first: those that are named by the first digits of their ids or
 * by "latest", else all that the filters leave.
 * @throws {Failure} SnapshotNotFound
 */
export async function chosenSnapshots(
  repository: Repository,
  ids: readonly string[],
  options: SnapshotOptions,
  signal: AbortSignal,
): Promise<readonly Snapshot[]> {
  const filter = snapshotFilter(options);
  const found = new Map<string, Snapshot>();
  for (const id of ids) {
    const snapshot = await repository.findSnapshot(id, id === 'latest' ? filter : {});
    found.set(snapshot.id, snapshot);
  }
  if (ids.length === 0) {
    for await (const snapshot of repository.snapshots(signal)) {
      if (matchesFilter(snapshot, filter)) found.set(snapshot.id, snapshot);
    }
  }
  return [...found.values()].sort(byTime);
}
