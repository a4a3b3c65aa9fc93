import type { PlacedSnapshot } from '../policy/placed-snapshot.ts';
import type { RepositoryView } from '../policy/security/changes.ts';
import type { Repository } from '../repository/repository.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { loadSnapshots } from '../repository/snapshot-loader.ts';
import type { Look } from './inspector.ts';

export interface ViewOptions extends Pick<Look, 'signal' | 'onProgress'> {
  /** Snapshots that need not be read again. */
  readonly known: readonly Snapshot[];
}

/**
 * Opens a repository and reads its keys and snapshots. No lock is taken: nothing is changed, and what goes
 * meanwhile is not there.
 */
export async function viewRepository(
  { openRepository }: { readonly openRepository: (name: string) => Promise<Repository> },
  name: string,
  { known, signal, onProgress }: ViewOptions,
): Promise<RepositoryView<Snapshot>> {
  const repository = await openRepository(name);
  try {
    const keys = (await Array.fromAsync(repository.keys(signal))).map(
      ({ id, hostname, username, created }) => ({
        id,
        hostname,
        username,
        created,
      }),
    );
    const snapshots = await loadSnapshots(repository, {
      known: new Map(known.map((snapshot) => [snapshot.id, snapshot])),
      signal,
      onSnapshot: (id) => onProgress(`${name}: snapshot ${id.slice(0, 8)}`),
    });
    return { id: repository.id, keys, snapshots };
  } finally {
    await repository.close();
  }
}

/** A snapshot as policies see it. */
export function placed(repository: string, snapshot: Snapshot): PlacedSnapshot {
  const { id, time, hostname, paths, tags, summary } = snapshot;
  return {
    repository,
    id,
    time,
    hostname,
    paths,
    tags,
    ...(summary === undefined
      ? {}
      : { sizeBytes: summary.totalBytesProcessed, storedBytes: summary.dataAddedPacked }),
  };
}
