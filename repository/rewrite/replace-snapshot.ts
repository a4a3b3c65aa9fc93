import { removeFiles } from '../remove-files.ts';
import type { Repository } from '../repository.ts';
import type { NewSnapshot, Snapshot } from '../snapshot.ts';
import type { ChangedTree } from './rewrite-tree.ts';

/** What a new snapshot has in place of the old one's. */
export interface SnapshotChange {
  /** Undefined when nothing of the tree is left: such a snapshot is not written. */
  readonly tree: ChangedTree | undefined;
  readonly hostname?: string | undefined;
  /** RFC 3339. */
  readonly time?: string | undefined;
  /** Added when the old one stays beside it. */
  readonly tag: string;
  /** Writes the numbers of files and bytes where the snapshot has none. */
  readonly addSummary?: boolean;
}

export interface ReplaceOptions {
  /** Removes the old one once the new one is stored; the caller holds an exclusive lock then. */
  readonly forget: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** What became of a snapshot. `replaced` has no id in a dry run. */
export type Replaced =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'emptied'; readonly isRemoved: boolean }
  | { readonly kind: 'replaced'; readonly id?: string; readonly isRemoved: boolean };

/**
 * Stores a changed snapshot, which names the old one as its `original`. The writer of its trees has finished.
 * @throws {Failure} RepositoryDamaged when the repository has not its tree
 */
export async function replaceSnapshot(
  repository: Repository,
  snapshot: Snapshot,
  change: SnapshotChange,
  { forget, dryRun, signal }: ReplaceOptions,
): Promise<Replaced> {
  const remove = async (): Promise<void> => {
    if (!forget || dryRun) return;
    await removeFiles(repository.store, { type: 'snapshot', names: [snapshot.id], signal });
  };
  if (!change.tree) {
    await remove();
    return { kind: 'emptied', isRemoved: forget };
  }
  if (!isChange(snapshot, change)) return { kind: 'unchanged' };
  if (dryRun) return { kind: 'replaced', isRemoved: forget };
  const id = await repository.commitSnapshot(changedSnapshot(snapshot, change, forget), signal);
  if (id !== snapshot.id) await remove();
  return { kind: 'replaced', id, isRemoved: forget };
}

function isChange(snapshot: Snapshot, { tree, hostname, time, addSummary }: SnapshotChange): boolean {
  return (
    tree?.tree !== snapshot.tree ||
    (hostname ?? snapshot.hostname) !== snapshot.hostname ||
    (time ?? snapshot.time) !== snapshot.time ||
    (addSummary === true && snapshot.summary === undefined)
  );
}

function changedSnapshot(
  { id, ...snapshot }: Snapshot,
  { tree, hostname, time, tag, addSummary }: SnapshotChange,
  forget: boolean,
): NewSnapshot {
  const totals = { totalFilesProcessed: tree?.files ?? 0, totalBytesProcessed: tree?.bytes ?? 0 };
  const summary =
    snapshot.summary || addSummary === true ? { ...noCounts, ...snapshot.summary, ...totals } : undefined;
  return {
    ...snapshot,
    tree: tree?.tree ?? snapshot.tree,
    hostname: hostname ?? snapshot.hostname,
    time: time ?? snapshot.time,
    tags: forget || snapshot.tags.includes(tag) ? snapshot.tags : [...snapshot.tags, tag],
    original: id,
    ...(summary === undefined ? {} : { summary }),
  };
}

const noCounts = {
  filesNew: 0,
  filesChanged: 0,
  filesUnmodified: 0,
  dirsNew: 0,
  dirsChanged: 0,
  dirsUnmodified: 0,
  dataBlobs: 0,
  treeBlobs: 0,
  dataAdded: 0,
  dataAddedPacked: 0,
};
