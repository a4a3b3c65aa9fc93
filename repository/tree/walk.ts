import { Failure } from '../../contracts/failures.ts';
import type { BlobReader } from '../blobs.ts';
import { shortId } from '../ids.ts';
import { loadTree } from './load-tree.ts';
import type { TreeNode } from './node.ts';
import { RepeatLimit } from './repeat-limit.ts';

/** Deeper than any path that a system can open (PATH_MAX is 4,096 bytes). */
export const maxTreeDepth = 4096;

export interface WalkedNode {
  /** Absolute path in the snapshot, as bytes. */
  readonly path: Buffer;
  readonly node: TreeNode;
}

const slash = Buffer.from('/');

/**
 * Yields every node below a tree, folders before what is in them, in the order of their names' bytes.
 * @throws {Failure} RepositoryDamaged, PathEscape
 */
export async function* walkTree(
  reader: BlobReader,
  treeId: string,
  signal?: AbortSignal,
): AsyncGenerator<WalkedNode> {
  const limit = new RepeatLimit();
  const enter = async (tree: string, path: Buffer) => {
    const nodes = await loadTree(reader, tree, signal);
    limit.enter(tree, nodes);
    return { path, nodes: nodes.values() };
  };
  const open = [await enter(treeId, Buffer.alloc(0))];
  for (let folder = open.at(-1); folder; folder = open.at(-1)) {
    const next = folder.nodes.next();
    if (next.done) {
      open.pop();
      continue;
    }
    const node = next.value;
    const path = Buffer.concat([folder.path, slash, node.name]);
    yield { path, node };
    if (node.type !== 'dir') continue;
    if (open.length >= maxTreeDepth) throw tooDeep(treeId);
    open.push(await enter(subtreeOf(node, path), path));
  }
}

/**
 * Finds the node at an absolute path of the snapshot; undefined when there is none. The root has no node.
 * @throws {Failure} RepositoryDamaged, PathEscape
 */
export async function findNode(
  reader: BlobReader,
  treeId: string,
  path: Buffer | string,
  signal?: AbortSignal,
): Promise<TreeNode | undefined> {
  let tree: string | undefined = treeId;
  let found: TreeNode | undefined;
  for (const name of splitPath(path)) {
    if (tree === undefined) return undefined;
    const nodes: readonly TreeNode[] = await loadTree(reader, tree, signal);
    found = nodes.find((node) => node.name.equals(name));
    if (!found) return undefined;
    tree = found.subtree;
  }
  return found;
}

/** Names on the way to an absolute path; `.` and empty parts are passed over. */
export function splitPath(path: Buffer | string): readonly Buffer[] {
  const text = typeof path === 'string' ? Buffer.from(path).toString('latin1') : path.toString('latin1');
  return text
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => Buffer.from(part, 'latin1'));
}

/**
 * Tree of a folder's node.
 * @throws {Failure} RepositoryDamaged
 */
export function subtreeOf(node: TreeNode, path: Buffer): string {
  if (node.subtree !== undefined) return node.subtree;
  throw new Failure('RepositoryDamaged', `The folder ${printablePath(path)} has no tree.`);
}

/** A path for messages. */
export function printablePath(path: Buffer): string {
  return JSON.stringify(path.toString('utf8')).slice(1, -1);
}

function tooDeep(treeId: string): Failure {
  return new Failure(
    'RepositoryDamaged',
    `The tree ${shortId(treeId)} has folders deeper than ${maxTreeDepth} levels.`,
  );
}
