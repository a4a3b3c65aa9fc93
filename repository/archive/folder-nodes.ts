import { Failure } from '../../contracts/failures.ts';
import { type EncodedNode, encodeTree } from '../tree/encode.ts';
import type { ParentFolder } from './parent-folder.ts';
import type { Place } from './place.ts';

/**
 * The nodes of a folder, in the order in which it was listed. A file's node comes when it is stored: without a promise
 * for each, which would cost more than many a file.
 */
export class FolderNodes {
  /** Path of the folder, without a slash at the end. */
  readonly path: string;
  /** The folder of the earlier snapshot. */
  readonly parent: ParentFolder | undefined;
  readonly #nodes: (EncodedNode | undefined)[] = [];
  #pending = 0;
  /** Whether all nodes are as they stand in the earlier folder. */
  #isSame = true;
  #onComplete: (() => void) | undefined;

  constructor(path: string, parent: ParentFolder | undefined) {
    this.path = path;
    this.parent = parent;
  }

  add(node: EncodedNode, isSame: boolean): void {
    this.#nodes.push(node);
    if (!isSame) this.#isSame = false;
  }

  /** Keeps a place for the node of an item; returns what fills it, with nothing when the item was left out. */
  reserve(place: Place): (node: EncodedNode | undefined) => void {
    const index = this.#nodes.push(undefined) - 1;
    this.#pending += 1;
    return (node) => {
      this.#nodes[index] = node;
      if (!node || !place.isSame(node)) this.#isSame = false;
      this.#pending -= 1;
      if (this.#pending === 0) this.#onComplete?.();
    };
  }

  /** Whether nothing is awaited. */
  get isComplete(): boolean {
    return this.#pending === 0;
  }

  /** The earlier tree, when the nodes make it again: of a folder that is listed and complete. */
  get unchangedTree(): string | undefined {
    return this.#isSame && this.parent?.isMatchedWhole ? this.parent.treeId : undefined;
  }

  /** Whether every item was left out, or there was none. */
  get isEmpty(): boolean {
    return this.#nodes.every((node) => node === undefined);
  }

  /** To be called when the folder was listed and something is awaited. */
  whenComplete(action: () => void): void {
    this.#onComplete = action;
  }

  /**
   * The tree of a folder that is complete.
   * @throws {Failure} Internal when two nodes have one name
   */
  encode(): Buffer {
    try {
      return encodeTree(this.#nodes.filter((node) => node !== undefined));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new Failure('Internal', `The folder ${this.path}/ was listed with the same name twice.`, {
        cause: error,
      });
    }
  }
}
