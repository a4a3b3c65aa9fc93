import { type BigIntStats, lstatSync } from 'node:fs';
import { errorCode } from '../../posix/error-code.ts';
import type { BlobReader } from '../../repository/blobs.ts';
import { IncludedPaths } from '../../repository/restore/include.ts';
import { nodeTypeOfMode } from '../../repository/tree/file-mode.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { printablePath, subtreeOf } from '../../repository/tree/walk.ts';

/** Paths that are named one by one; the others are counted. */
const listedPaths = 20;

/** A tree, and where it can be read. */
export interface ReadableTree {
  readonly reader: BlobReader;
  readonly tree: string;
}

export interface CoverJob {
  /** What is to be restored. */
  readonly restored: ReadableTree;
  /** The backup of what is there; undefined when there was nothing. */
  readonly safety: ReadableTree | undefined;
  /** Absolute paths; everything when empty. */
  readonly include: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly current: string }) => void;
}

/** Paths, the first of them by name. */
export interface Listed {
  readonly paths: readonly string[];
  readonly count: number;
}

export interface Cover {
  /** Would be overwritten, and is not in the backup: excluded, not readable, of no path of the source any more. */
  readonly missing: Listed;
  /** Was written to since the backup. */
  readonly changed: Listed;
}

/**
 * Compares what a restore in place would overwrite with the backup that was taken of it. Files that have the size and
 * time of those that are restored count as the same; folders are never overwritten.
 */
export async function coverOf(job: CoverJob): Promise<Cover> {
  const walk = new CoverWalk(job);
  await walk.folder(job.restored.tree, job.safety?.tree, {
    path: Buffer.alloc(0),
    included: IncludedPaths.of(job.include),
  });
  return { missing: walk.missing, changed: walk.changed };
}

interface Place {
  readonly path: Buffer;
  readonly included: IncludedPaths;
}

class CoverWalk {
  readonly missing = new PathList();
  readonly changed = new PathList();
  readonly #job: CoverJob;

  constructor(job: CoverJob) {
    this.#job = job;
  }

  async folder(tree: string, safetyTree: string | undefined, { path, included }: Place): Promise<void> {
    const { restored, safety, signal, onProgress } = this.#job;
    onProgress({ current: printablePath(path) });
    const kept = new Map<string, TreeNode>();
    if (safety !== undefined && safetyTree !== undefined) {
      for (const node of await loadTree(safety.reader, safetyTree, signal)) kept.set(keyOf(node), node);
    }
    for (const node of await loadTree(restored.reader, tree, signal)) {
      signal.throwIfAborted();
      const below = included.below(node.name);
      const itemPath = Buffer.concat([path, Buffer.from('/'), node.name]);
      const stat = below && existingItem(itemPath);
      if (!below || !stat) continue;
      const keptNode = kept.get(keyOf(node));
      if (node.type === 'dir') {
        if (!stat.isDirectory()) continue;
        await this.folder(subtreeOf(node, itemPath), keptNode?.subtree, { path: itemPath, included: below });
      } else if (below.inclusion === 'wanted') this.#item({ node, keptNode, stat, path: itemPath });
    }
  }

  #item({ node, keptNode, stat, path }: Item): void {
    // A folder in the way of a file is left alone by the restore, which fails.
    if (stat.isDirectory() || isSame(node, stat)) return;
    if (keptNode === undefined || keptNode.type === 'dir') this.missing.add(path);
    else if (!isSame(keptNode, stat)) this.changed.add(path);
  }
}

interface Item {
  readonly node: TreeNode;
  readonly keptNode: TreeNode | undefined;
  readonly stat: BigIntStats;
  readonly path: Buffer;
}

class PathList implements Listed {
  readonly paths: string[] = [];
  count = 0;

  add(path: Buffer): void {
    this.count += 1;
    if (this.paths.length < listedPaths) this.paths.push(printablePath(path));
  }
}

function isSame(node: TreeNode, stat: BigIntStats): boolean {
  if (nodeTypeOfMode(Number(stat.mode)) !== node.type || stat.mtimeNs !== node.mtimeNs) return false;
  return node.type !== 'file' || stat.size === (node.size ?? 0n);
}

function existingItem(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function keyOf(node: TreeNode): string {
  return node.name.toString('latin1');
}
