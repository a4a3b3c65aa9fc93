import { Failure } from '../contracts/failures.ts';
import type { Repository } from '../repository/repository.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { findNode } from '../repository/tree/walk.ts';
import { shortId } from './output/format.ts';
import { type SnapshotOptions, snapshotFilter } from './snapshot-options.ts';

/** A snapshot, and the folder of it that is meant. */
export interface SnapshotFolder {
  readonly snapshot: Snapshot;
  /** Tree of the folder. */
  readonly tree: string;
  /** Whether that is all of the snapshot. */
  readonly isWhole: boolean;
}

/**
 * Finds what "SNAPSHOT" or "SNAPSHOT:FOLDER" means; the index is loaded.
 * @throws {Failure} SnapshotNotFound; InvalidInput when it has no such folder
 */
export async function findSnapshotFolder(
  repository: Repository,
  text: string,
  options: SnapshotOptions,
  signal: AbortSignal,
): Promise<SnapshotFolder> {
  const [, id = '', folder = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  const snapshot = await repository.findSnapshot(id, id === 'latest' ? snapshotFilter(options) : {});
  if (folder.replaceAll('/', '') === '') return { snapshot, tree: snapshot.tree, isWhole: true };
  const node = await findNode(repository, snapshot.tree, folder, signal);
  if (node?.subtree !== undefined) return { snapshot, tree: node.subtree, isWhole: false };
  throw new Failure('InvalidInput', `The snapshot ${shortId(snapshot.id)} has no folder ${folder}`, {
    advice: `Look with \`resguardo ls ${shortId(snapshot.id)}\`.`,
  });
}
