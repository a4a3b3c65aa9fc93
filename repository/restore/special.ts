import { constants, symlinkSync } from 'node:fs';
import { Failure } from '../../contracts/failures.ts';
import type { PosixCalls } from '../../posix/calls.ts';
import type { TreeNode } from '../tree/node.ts';

/**
 * Makes a symbolic link, device or fifo that does not exist yet. Errors of the system are thrown as they are.
 * @throws {Failure} RepositoryDamaged
 */
export function makeSpecial(calls: PosixCalls, path: Buffer, node: TreeNode): void {
  switch (node.type) {
    case 'symlink':
      symlinkSync(linkTargetOf(node), path);
      return;
    case 'dev':
      calls.makeNode(path, constants.S_IFBLK | 0o600, node.device ?? 0n);
      return;
    case 'chardev':
      calls.makeNode(path, constants.S_IFCHR | 0o600, node.device ?? 0n);
      return;
    case 'fifo':
      calls.makeNode(path, constants.S_IFIFO | 0o600, 0n);
      return;
    case 'file':
    case 'dir':
    case 'socket':
    case 'irregular':
      throw new TypeError(`a node of type ${node.type} is none that is made here`);
  }
}

function linkTargetOf({ linkTarget = Buffer.alloc(0) }: TreeNode): Buffer {
  if (linkTarget.includes(0))
    throw new Failure('RepositoryDamaged', 'The target of the link has a zero byte, which no system takes.');
  return linkTarget;
}
