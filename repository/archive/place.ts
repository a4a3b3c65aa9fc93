import { type EncodedMetadata, type EncodedNode, encodeNode } from '../tree/encode.ts';
import type { TreeNode } from '../tree/node.ts';
import type { RawNode } from '../tree/raw-tree.ts';
import type { UtcOffset } from '../tree/time.ts';
import type { ParentFolder } from './parent-folder.ts';
import type { ItemChange } from './summary.ts';

/** Where an item lies, how it was listed, and what the earlier snapshot has there. */
export class Place {
  readonly #folder: string;
  readonly #parent: ParentFolder | undefined;
  readonly listed: EncodedMetadata;
  /** The earlier node, when all its metadata is as listed. */
  readonly same: RawNode | undefined;

  constructor(folder: string, listed: EncodedMetadata, parent: ParentFolder | undefined) {
    this.#folder = folder;
    this.#parent = parent;
    this.listed = listed;
    this.same = parent?.match(listed.json);
  }

  /** Made when it is wanted: of most items it never is. */
  get path(): string {
    return `${this.#folder}/${this.listed.name.toString('utf8')}`;
  }

  /** The earlier node, changed or not. Looked up and decoded when it is wanted. */
  get previous(): TreeNode | undefined {
    return this.#parent?.find(this.listed.name);
  }

  /** Earlier tree of a folder. */
  get previousSubtree(): string | undefined {
    return this.same ? this.same.subtree : this.previous?.subtree;
  }

  /** Whether the node is that of the earlier snapshot, byte for byte. */
  isSame({ json }: EncodedNode): boolean {
    return this.same?.json.equals(json) ?? false;
  }

  /** What has become of the earlier node. */
  changeOf(node: EncodedNode, utcOffset: UtcOffset): ItemChange {
    if (this.isSame(node)) return 'unmodified';
    const { previous } = this;
    if (!previous) return 'new';
    return encodeNode(previous, utcOffset).json.equals(node.json) ? 'unmodified' : 'changed';
  }
}
