import { buffer } from 'node:stream/consumers';
import { Failure } from '../contracts/failures.ts';
import { readFile } from '../repository/read-file.ts';
import type { TreeNode } from '../repository/tree/node.ts';
import { findNode } from '../repository/tree/walk.ts';
import type { SnapshotWork } from './database-restorer.ts';

/** A snapshot of a server with a thousand databases has a manifest far below this. */
const longestManifestBytes = 256n * 1024n * 1024n;

type Snapshot = Pick<SnapshotWork, 'reader' | 'tree' | 'signal'>;

/**
 * Content of the manifest of a source.
 * @throws {Failure} SourceUnsupported when the snapshot was not made of this source; RepositoryDamaged
 */
export async function manifestBytes(source: string, file: string, work: Snapshot): Promise<Buffer> {
  const node = await fileOf(source, file, work);
  if ((node.size ?? 0n) > longestManifestBytes) {
    throw new Failure('RepositoryDamaged', `The manifest of ${source} is too large to be one`);
  }
  return await buffer(readFile(work.reader, node, work.signal));
}

/**
 * A file of the folder of the source.
 * @throws {Failure} SourceUnsupported when the snapshot was not made of this source
 */
export async function fileOf(
  source: string,
  name: string,
  { reader, tree, signal }: Snapshot,
): Promise<TreeNode> {
  const path = `/${source}/${name}`;
  const node = await findNode(reader, tree, path, signal);
  if (node !== undefined) return node;
  throw new Failure(
    'SourceUnsupported',
    `The snapshot has no ${path}: it was not made of the source ${source}`,
    { advice: 'Restore its files with `resguardo repo restore`.' },
  );
}
