import { Failure } from '../../contracts/failures.ts';
import { type EncodedNode, encodeTree } from '../tree/encode.ts';

/** A node, or the promise of one; undefined when the item was skipped with a warning. */
export type PendingNode = EncodedNode | Promise<EncodedNode | undefined>;

/** Waits for the nodes of a folder, without those that were skipped. */
export async function completed(nodes: readonly PendingNode[]): Promise<readonly EncodedNode[]> {
  const result: EncodedNode[] = [];
  for (const pending of nodes) {
    const node = pending instanceof Promise ? await pending : pending;
    if (node) result.push(node);
  }
  return result;
}

/**
 * The tree of a folder.
 * @throws {Failure} Internal when two nodes have one name
 */
export function encodeUnique(nodes: readonly EncodedNode[], path: string): Buffer {
  try {
    return encodeTree(nodes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('Internal', `The folder ${path} was listed with the same name twice.`, {
      cause: error,
    });
  }
}
