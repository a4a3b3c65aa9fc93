import { isFailure } from '../../contracts/failures.ts';
import type { BlobReader, BlobType } from '../blobs.ts';
import { shortId } from '../ids.ts';
import { IdTable } from '../index/id-table.ts';
import type { Snapshot } from '../snapshot.ts';
import { loadTree } from '../tree/load-tree.ts';
import type { TreeNode } from '../tree/node.ts';
import { maxTreeDepth, printablePath } from '../tree/walk.ts';
import type { Damages } from './damages.ts';

export interface TreeCheckParts {
  readonly reader: BlobReader;
  /** Whether a blob that the index names is known to be damaged. */
  readonly isDamaged: (type: BlobType, id: string) => boolean;
  readonly damages: Damages;
  readonly signal: AbortSignal;
  readonly onTree: (path: string) => void;
}

interface Folder {
  readonly path: string;
  readonly tree: string;
  readonly depth: number;
}

/**
 * Follows snapshots down to their last blob in the index. A tree that several snapshots share is followed
 * once, and its damage told of the first of them.
 */
export class TreeChecker {
  readonly #parts: TreeCheckParts;
  readonly #visited = new IdTable();

  constructor(parts: TreeCheckParts) {
    this.#parts = parts;
  }

  async check(snapshot: Snapshot): Promise<void> {
    const waiting: Folder[] = [{ path: '', tree: snapshot.tree, depth: 0 }];
    for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
      this.#parts.signal.throwIfAborted();
      if (this.#visited.find(folder.tree) >= 0) continue;
      this.#visited.add(folder.tree);
      this.#parts.onTree(folder.path);
      waiting.push(...(await this.#checkFolder(folder, snapshot)).toReversed());
    }
  }

  /** Checks what lies in a folder, and gives back the folders in it. */
  async #checkFolder(folder: Folder, snapshot: Snapshot): Promise<readonly Folder[]> {
    const { reader, damages, signal } = this.#parts;
    let nodes: readonly TreeNode[];
    try {
      nodes = await loadTree(reader, folder.tree, signal);
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged') && !isFailure(error, 'PathEscape')) throw error;
      damages.add(
        `The folder ${folder.path || '/'} of snapshot ${shortId(snapshot.id)} is damaged: ${error.message}`,
      );
      return [];
    }
    const folders: Folder[] = [];
    for (const node of nodes) {
      const problem = node.type === 'file' ? this.#fileProblem(node) : undefined;
      // Paths are written out for those who read them alone: most nodes are files without a problem.
      if (node.type !== 'dir' && !problem) continue;
      const path = `${folder.path}/${printablePath(node.name)}`;
      if (problem)
        damages.add(`The file ${path} of snapshot ${shortId(snapshot.id)} is damaged: ${problem}.`);
      if (node.type !== 'dir') continue;
      const below = { path, tree: node.subtree ?? '', depth: folder.depth + 1 };
      if (node.subtree === undefined) {
        damages.add(`The folder ${path} of snapshot ${shortId(snapshot.id)} is damaged: it has no tree.`);
      } else if (below.depth >= maxTreeDepth) {
        damages.add(`The folder ${path} of snapshot ${shortId(snapshot.id)} is damaged: it is too deep.`);
      } else folders.push(below);
    }
    return folders;
  }

  #fileProblem(node: TreeNode): string | undefined {
    if (!node.content) return 'it has no list of blobs';
    let sizeBytes = 0;
    for (const id of node.content) {
      const length = this.#parts.reader.blobSize('data', id);
      if (length === undefined) return `no index names its data blob ${shortId(id)}`;
      if (this.#parts.isDamaged('data', id)) return `its data blob ${shortId(id)} cannot be read`;
      sizeBytes += length;
    }
    if (BigInt(sizeBytes) === (node.size ?? 0n)) return undefined;
    return `its blobs have ${sizeBytes} bytes where its size is ${node.size ?? 0n}`;
  }
}
