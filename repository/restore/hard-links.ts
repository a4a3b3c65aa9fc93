import { linkSync } from 'node:fs';
import type { TreeNode } from '../tree/node.ts';
import type { TargetFolder } from './target-folder.ts';

/** The first of several names of a file. */
export interface FirstLink {
  /** Names from the target to the file. */
  readonly names: readonly Buffer[];
  readonly isRestored: Promise<boolean>;
}

/** Files with several names: the first is restored, the others become links to it. */
export class HardLinks {
  readonly #root: TargetFolder;
  readonly #first = new Map<string, FirstLink>();

  constructor(root: TargetFolder) {
    this.#root = root;
  }

  firstOf(node: TreeNode): FirstLink | undefined {
    const key = keyOf(node);
    return key === undefined ? undefined : this.#first.get(key);
  }

  add(node: TreeNode, names: readonly Buffer[], isRestored: Promise<boolean>): void {
    const key = keyOf(node);
    if (key !== undefined) this.#first.set(key, { names, isRestored });
  }

  /** Opens the folders on the way one by one, so that no link put in their place is followed. */
  link(first: FirstLink, path: Buffer): void {
    const [name, ...folders] = first.names.toReversed();
    if (!name) return;
    const opened: TargetFolder[] = [];
    try {
      let folder = this.#root;
      for (const next of folders.toReversed()) {
        folder = folder.open(next);
        opened.push(folder);
      }
      linkSync(folder.pathOf(name), path);
    } finally {
      for (const folder of opened) folder.close();
    }
  }
}

function keyOf({ links, inode, deviceId }: TreeNode): string | undefined {
  return links !== undefined && links > 1n ? `${deviceId ?? 0n}:${inode ?? 0n}` : undefined;
}
