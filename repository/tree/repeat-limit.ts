import { Failure } from '../../contracts/failures.ts';
import { shortId } from '../ids.ts';
import { IdTable } from '../index/id-table.ts';
import type { TreeNode } from './node.ts';

/** Folders that are entered in any case. */
const freeFolders = 10_000;
/** How often each entry of a folder's listing may be entered, on average. */
const entriesFor = 100;

/**
 * Ends a walk through trees that stand for many more folders than they list: a few kilobytes in which each tree names
 * the next one twice stand for 2³² folders after 32 levels. One for each walk that enters a folder anew wherever it is
 * listed.
 *
 * A folder of a file system is listed in one place, so it has one entry for each time that it is entered; trees
 * that others made up may share more. Holds some 38 bytes for each different tree.
 */
export class RepeatLimit {
  readonly #seen = new IdTable();
  #left = freeFolders;

  /**
   * To be called with the listing of each folder that is entered.
   * @throws {Failure} RepositoryDamaged
   */
  enter(tree: string, nodes: readonly TreeNode[]): void {
    if (this.#seen.find(tree) < 0) {
      this.#seen.add(tree);
      for (const { type } of nodes) if (type === 'dir') this.#left += entriesFor;
    }
    this.#left -= 1;
    if (this.#left >= 0) return;
    throw new Failure(
      'RepositoryDamaged',
      `The snapshot holds the folder of the tree ${shortId(tree)}, and others, so many times as no file system does. It was made to take all time and space.`,
      { advice: 'Name what is wanted of it, by its path. `resguardo repo check` looks at each folder once.' },
    );
  }
}
