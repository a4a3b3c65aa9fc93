import { isFailure } from '../../contracts/failures.ts';
import type { BlobReader } from '../blobs.ts';
import { shortId } from '../ids.ts';
import type { TreeChange } from '../rewrite/rewrite-tree.ts';
import type { TreeNode } from '../tree/node.ts';

/** Tag of a repaired snapshot whose original stays beside it; restic's word. */
export const repairedTag = 'repaired';

/**
 * Takes out of trees what the repository has not any more: a file keeps the parts that are there, a folder that
 * cannot be read becomes an empty one. What is whole stays as it is.
 * @param onLoss told of each file and folder that has lost something, as a sentence
 */
export function repairingChange(
  reader: BlobReader,
  onLoss: (path: string, what: string) => void,
): TreeChange {
  return {
    node: (node, path) => {
      if (node.type === 'file') return repairedFile(reader, node, (what) => onLoss(path, what));
      if (node.type !== 'dir' || node.subtree !== undefined) return node;
      onLoss(path, 'the folder has no tree and is left out');
      return undefined;
    },
    keepsFolder: (path) => path !== '',
    unreadable: (error, path) => {
      if (!isFailure(error, 'RepositoryDamaged') && !isFailure(error, 'PathEscape')) throw error;
      // A snapshot of which nothing can be read is none.
      if (path === '/') {
        onLoss(path, `the whole snapshot is lost: ${error.message}`);
        return undefined;
      }
      onLoss(path, `what is in the folder is lost: ${error.message}`);
      return [];
    },
  };
}

function repairedFile(reader: BlobReader, node: TreeNode, onLoss: (what: string) => void): TreeNode {
  const content = node.content ?? [];
  const sizes = content.map((id) => reader.blobSize('data', id));
  const size = BigInt(sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0));
  const lost = content.filter((_id, index) => sizes[index] === undefined);
  if (lost.length === 0 && size === (node.size ?? 0n) && node.content) return node;
  const [first] = lost;
  onLoss(
    first === undefined
      ? `its size was ${node.size ?? 0n} and is ${size}`
      : `${lost.length} of its ${content.length} parts are lost, the first is ${shortId(first)}`,
  );
  return { ...node, content: content.filter((_id, index) => sizes[index] !== undefined), size };
}
