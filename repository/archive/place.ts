import type { TreeNode } from '../tree/node.ts';

/** Where an item lies, and what the earlier snapshot has there. */
export class Place {
  readonly #folder: string;
  readonly #name: Buffer;
  readonly previous: TreeNode | undefined;

  constructor(folder: string, name: Buffer, previous: TreeNode | undefined) {
    this.#folder = folder;
    this.#name = name;
    this.previous = previous;
  }

  /** Made when it is wanted: of most items it never is. */
  get path(): string {
    return `${this.#folder}/${this.#name.toString('utf8')}`;
  }
}
