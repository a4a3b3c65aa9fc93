import { isDeepStrictEqual } from 'node:util';
import { BlobNumbers } from './blob-numbers.ts';
import type { BlobReader } from './blobs.ts';
import { loadTree } from './tree/load-tree.ts';
import type { TreeNode } from './tree/node.ts';
import { RepeatLimit } from './tree/repeat-limit.ts';
import { subtreeOf } from './tree/walk.ts';

export interface DiffRequest {
  readonly reader: BlobReader;
  /** Trees of two snapshots, or of a folder in each. */
  readonly before: string;
  readonly after: string;
  /** Reports changes of metadata alone, too. */
  readonly metadata?: boolean;
  readonly signal: AbortSignal;
}

export interface Change {
  /** Absolute path in the snapshot, as bytes; a folder's ends with a slash. */
  readonly path: Buffer;
  /**
   * restic's marks: `+` added, `-` removed, `M` content changed (`M?`: but neither size nor times did), `T` type
   * changed, `U` metadata changed.
   */
  readonly mark: string;
}

export interface SideStatistics {
  files: number;
  dirs: number;
  /** Links, devices and the like. */
  others: number;
  dataBlobs: number;
  treeBlobs: number;
  /** Of blobs that the other side has not, before compression. */
  bytes: number;
}

export interface DiffStatistics {
  changedFiles: number;
  readonly added: SideStatistics;
  readonly removed: SideStatistics;
}

/** Marks of blobs: on which side they were met, and whether in a folder that both have. */
const [inBefore, inAfter, inCommon] = [1, 2, 4];

interface Side {
  readonly mark: '+' | '-';
  readonly flag: number;
  readonly statistics: SideStatistics;
}

interface Pair {
  readonly before: TreeNode | undefined;
  readonly after: TreeNode | undefined;
}

/** Compares two trees, and only what differs in them. */
export class TreeDiff {
  readonly #request: DiffRequest;
  readonly #blobs = new BlobNumbers();
  readonly #repeats = new RepeatLimit();
  readonly #statistics: DiffStatistics = { changedFiles: 0, added: nothing(), removed: nothing() };

  constructor(request: DiffRequest) {
    this.#request = request;
  }

  /** Complete once `changes` has ended. */
  get statistics(): DiffStatistics {
    return this.#statistics;
  }

  /**
   * Yields what has changed, a folder before what is in it.
   * @throws {Failure} RepositoryDamaged, PathEscape
   */
  async *changes(): AsyncGenerator<Change> {
    const { before, after } = this.#request;
    this.#mark('tree', before, inBefore);
    this.#mark('tree', after, inAfter);
    yield* this.#compare(Buffer.from('/'), before, after);
    this.#countBlobs(inBefore, this.#statistics.removed);
    this.#countBlobs(inAfter, this.#statistics.added);
  }

  async *#compare(folder: Buffer, beforeId: string, afterId: string): AsyncGenerator<Change> {
    const [before, after] = [await this.#load(beforeId), await this.#load(afterId)];
    for (const pair of pairs(before, after)) {
      if (pair.before) this.#markNode(pair.before, inBefore);
      if (pair.after) this.#markNode(pair.after, inAfter);
      if (pair.before && pair.after) yield* this.#compareNodes(folder, pair.before, pair.after);
      else if (pair.before) yield* this.#oneSided(folder, pair.before, this.#removed);
      else if (pair.after) yield* this.#oneSided(folder, pair.after, this.#added);
    }
  }

  async *#compareNodes(folder: Buffer, before: TreeNode, after: TreeNode): AsyncGenerator<Change> {
    const path = pathOf(folder, after);
    const mark = this.#changeMark(before, after);
    if (mark !== '') yield { path, mark };
    if (before.type !== 'dir' || after.type !== 'dir') return;
    const [beforeTree, afterTree] = [subtreeOf(before, path), subtreeOf(after, path)];
    if (beforeTree === afterTree) await this.#markCommon(beforeTree, path);
    else yield* this.#compare(path, beforeTree, afterTree);
  }

  #changeMark(before: TreeNode, after: TreeNode): string {
    const type = before.type === after.type ? '' : 'T';
    const isContent = before.type === 'file' && after.type === 'file';
    if (isContent && !isDeepStrictEqual(before.content ?? [], after.content ?? [])) {
      this.#statistics.changedFiles += 1;
      const [{ content: _old, ...left }, { content: _new, ...right }] = [before, after];
      return `${type}M${isDeepStrictEqual(left, right) ? '?' : ''}`;
    }
    const isMetadata = this.#request.metadata === true && !isDeepStrictEqual(before, after);
    return `${type}${isMetadata ? 'U' : ''}`;
  }

  get #added(): Side {
    return { mark: '+', flag: inAfter, statistics: this.#statistics.added };
  }

  get #removed(): Side {
    return { mark: '-', flag: inBefore, statistics: this.#statistics.removed };
  }

  async *#oneSided(folder: Buffer, node: TreeNode, side: Side): AsyncGenerator<Change> {
    const path = pathOf(folder, node);
    yield { path, mark: side.mark };
    const kind = node.type === 'file' ? 'files' : node.type === 'dir' ? 'dirs' : 'others';
    side.statistics[kind] += 1;
    if (node.type !== 'dir') return;
    for (const child of await this.#load(subtreeOf(node, path))) {
      this.#markNode(child, side.flag);
      yield* this.#oneSided(path, child, side);
    }
  }

  async #markCommon(tree: string, path: Buffer): Promise<void> {
    for (const node of await this.#load(tree)) {
      this.#markNode(node, inCommon);
      if (node.type === 'dir') await this.#markCommon(subtreeOf(node, path), path);
    }
  }

  async #load(tree: string): Promise<readonly TreeNode[]> {
    const { reader, signal } = this.#request;
    signal.throwIfAborted();
    const nodes = await loadTree(reader, tree, signal);
    this.#repeats.enter(tree, nodes);
    return nodes;
  }

  #markNode({ type, content = [], subtree }: TreeNode, flag: number): void {
    if (type === 'file') for (const id of content) this.#mark('data', id, flag);
    if (type === 'dir' && subtree !== undefined) this.#mark('tree', subtree, flag);
  }

  #mark(type: 'data' | 'tree', id: string, flag: number): void {
    this.#blobs.add(type, id);
    this.#blobs.set(type, id, (this.#blobs.get(type, id) ?? 0) | flag);
  }

  /** Counts the blobs that were met on this side alone. */
  #countBlobs(flag: number, statistics: SideStatistics): void {
    for (const { type, id } of this.#blobs.withNumber(flag)) {
      statistics[type === 'data' ? 'dataBlobs' : 'treeBlobs'] += 1;
      statistics.bytes += this.#request.reader.blobSize(type, id) ?? 0;
    }
  }
}

/** Nodes of the same name together, in the order of names. */
function* pairs(before: readonly TreeNode[], after: readonly TreeNode[]): Generator<Pair> {
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const [old, young] = [before[left], after[right]];
    const order = old && young ? Buffer.compare(old.name, young.name) : old ? -1 : 1;
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
    yield { before: order <= 0 ? old : undefined, after: order >= 0 ? young : undefined };
  }
}

function pathOf(folder: Buffer, { name, type }: TreeNode): Buffer {
  return Buffer.concat([folder, name, Buffer.from(type === 'dir' ? '/' : '')]);
}

function nothing(): SideStatistics {
  return { files: 0, dirs: 0, others: 0, dataBlobs: 0, treeBlobs: 0, bytes: 0 };
}
