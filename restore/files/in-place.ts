import { Failure } from '../../contracts/failures.ts';
import type { BlobReader } from '../../repository/blobs.ts';
import { findNode, splitPath } from '../../repository/tree/walk.ts';

interface Wanted {
  /** Absolute paths; those of the snapshot when empty. */
  readonly include: readonly string[];
  /** Included paths that the snapshot does not have are left out. */
  readonly passesOverMissing?: boolean;
  /** Root tree of the snapshot. */
  readonly tree: string;
  /** Of the snapshot. */
  readonly paths: readonly string[];
}

/**
 * Paths that are restored in place, named one by one, so that the folders on the way to them stay as they are.
 * @throws {Failure} InvalidInput when the snapshot has none of its own paths
 */
export async function includedInPlace(
  reader: BlobReader,
  { include, passesOverMissing = false, tree, paths }: Wanted,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (include.length > 0 && !passesOverMissing) return include;
  const present: string[] = [];
  for (const path of include.length > 0 ? include : paths) {
    if (isRoot(path) || (await findNode(reader, tree, path, signal))) present.push(path);
  }
  if (present.length > 0 || passesOverMissing) return present;
  // No path at all would stand for everything.
  throw new Failure('InvalidInput', `The snapshot has nothing at its paths: ${paths.join(', ')}`, {
    advice: 'Restore it into a new folder: `--target`.',
  });
}

/** It has no node of its own. */
function isRoot(path: string): boolean {
  return splitPath(path).length === 0;
}
