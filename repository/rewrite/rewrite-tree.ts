import { Failure } from '../../contracts/failures.ts';
import type { BlobReader, BlobWriter } from '../blobs.ts';
import { shortId } from '../ids.ts';
import { encodeNode, encodeTree } from '../tree/encode.ts';
import { loadTree } from '../tree/load-tree.ts';
import type { TreeNode } from '../tree/node.ts';
import { RepeatLimit } from '../tree/repeat-limit.ts';
import { localUtcOffset } from '../tree/time.ts';
import { maxTreeDepth } from '../tree/walk.ts';

/** How a tree is to be changed. Paths are absolute paths in the snapshot, as text. */
export interface TreeChange {
  /** What becomes of a node before what is below it is looked at; undefined leaves it out. */
  readonly node: (node: TreeNode, path: string) => TreeNode | undefined;
  /** Whether a folder in which nothing is left stays. */
  readonly keepsFolder: (path: string) => boolean;
  /** Called for a folder that cannot be read. Undefined leaves it out; what is thrown ends the work. */
  readonly unreadable: (error: unknown, path: string) => readonly TreeNode[] | undefined;
}

/** Files that are left, and their bytes. */
export interface TreeSize {
  readonly files: number;
  readonly bytes: number;
}

export interface ChangedTree extends TreeSize {
  /** Id of the new tree: the old one where nothing had to be changed. */
  readonly tree: string;
}

/**
 * Changes trees of snapshots, from the leaves up. A folder in which nothing changes stays the same blob; new ones
 * go to the writer. What is equal at the same path of several snapshots is looked at once.
 */
export class TreeRewriter {
  readonly #reader: BlobReader;
  readonly #writer: Pick<BlobWriter, 'saveBlob'>;
  readonly #change: TreeChange;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, ChangedTree | undefined>();
  readonly #repeats = new RepeatLimit();
  readonly #utcOffset = localUtcOffset();

  constructor(parts: {
    readonly reader: BlobReader;
    readonly writer: Pick<BlobWriter, 'saveBlob'>;
    readonly change: TreeChange;
    readonly signal: AbortSignal;
  }) {
    this.#reader = parts.reader;
    this.#writer = parts.writer;
    this.#change = parts.change;
    this.#signal = parts.signal;
  }

  /**
   * @returns undefined when nothing is left
   * @throws {Failure} RepositoryDamaged, PathEscape, RepositoryUnsupported; what `unreadable` throws
   */
  async rewrite(tree: string, path = '', depth = 0): Promise<ChangedTree | undefined> {
    const key = `${tree}${path}`;
    if (this.#known.has(key)) return this.#known.get(key);
    if (depth > maxTreeDepth) throw tooDeep(path);
    this.#signal.throwIfAborted();
    const changed = await this.#rewrite(tree, path, depth);
    this.#known.set(key, changed);
    return changed;
  }

  async #rewrite(tree: string, path: string, depth: number): Promise<ChangedTree | undefined> {
    const before = await this.#load(tree, path);
    if (before === undefined) return undefined;
    const nodes: TreeNode[] = [];
    let [files, bytes, isSame] = [0, 0, before.isReadable];
    for (const old of before.nodes) {
      const { node, size } = await this.#rewriteNode(old, `${path}/${old.name.toString('utf8')}`, depth);
      if (node) nodes.push(node);
      isSame &&= node === old;
      files += size.files;
      bytes += size.bytes;
    }
    if (isSame) return { tree, files, bytes };
    if (nodes.length === 0 && !this.#change.keepsFolder(path)) return undefined;
    if (before.isReadable) await this.#assertUnderstood(tree);
    const encoded = encodeTree(nodes.map((node) => encodeNode(node, this.#utcOffset)));
    const { id } = await this.#writer.saveBlob('tree', encoded, this.#signal);
    return { tree: id, files, bytes };
  }

  async #load(tree: string, path: string) {
    let nodes: readonly TreeNode[];
    try {
      nodes = await loadTree(this.#reader, tree, this.#signal);
    } catch (error) {
      this.#signal.throwIfAborted();
      const instead = this.#change.unreadable(error, path === '' ? '/' : path);
      return instead && { nodes: instead, isReadable: false };
    }
    this.#repeats.enter(tree, nodes);
    return { nodes, isReadable: true };
  }

  async #rewriteNode(old: TreeNode, path: string, depth: number) {
    const node = this.#change.node(old, path);
    if (node?.type === 'file') return { node, size: { files: 1, bytes: Number(node.size ?? 0n) } };
    if (node?.type !== 'dir') return { node, size: nothing };
    const below = node.subtree && (await this.rewrite(node.subtree, path, depth + 1));
    if (!below) return { node: undefined, size: nothing };
    return { node: below.tree === node.subtree ? node : { ...node, subtree: below.tree }, size: below };
  }

  /** A field that this version does not know would be lost; it is better to do nothing then. */
  async #assertUnderstood(tree: string): Promise<void> {
    const text = (await this.#reader.loadBlob('tree', tree, this.#signal)).toString('utf8');
    const { nodes }: { readonly nodes: readonly object[] } = JSON.parse(text);
    const unknown = nodes.flatMap(Object.keys).find((field) => !knownFields.has(field));
    if (unknown === undefined) return;
    throw new Failure(
      'RepositoryUnsupported',
      `The tree ${shortId(tree)} has the field "${unknown}", which a newer program wrote and which would be lost.`,
      { advice: 'Use that program to rewrite the snapshot.' },
    );
  }
}

const nothing: TreeSize = { files: 0, bytes: 0 };

/** All fields of a node in restic 0.19. */
const knownFields: ReadonlySet<string> = new Set([
  ...['name', 'type', 'mode', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'user', 'group', 'inode', 'device_id'],
  ...['size', 'links', 'linktarget', 'linktarget_raw', 'extended_attributes', 'generic_attributes', 'device'],
  ...['content', 'subtree', 'error'],
]);

function tooDeep(path: string): Failure {
  return new Failure('RepositoryDamaged', `The folder ${path.slice(0, 80)}… is deeper than any can be.`);
}
