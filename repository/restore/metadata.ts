import { chmodSync, closeSync, constants, fchmodSync, lchownSync, openSync } from 'node:fs';
import type { PosixCalls } from '../../posix/calls.ts';
import { posixPermissions } from '../tree/file-mode.ts';
import type { TreeNode } from '../tree/node.ts';

/** O_PATH of Linux's <fcntl.h>: a descriptor that only names a file. */
const pathOnly = 0o10000000;

/** What went wrong with one part of the metadata. */
export interface MetadataProblem {
  readonly part: 'owner' | 'extended attributes' | 'times' | 'mode';
  readonly error: unknown;
}

/**
 * Gives a restored item its owner, extended attributes, times and mode, in this order: a change of the owner
 * takes away setuid and file capabilities. One part that fails does not keep the others from being set.
 * @param path of the item itself; links are not followed
 */
export function applyMetadata(calls: PosixCalls, path: Buffer, node: TreeNode): readonly MetadataProblem[] {
  const problems: MetadataProblem[] = [];
  const attempt = (part: MetadataProblem['part'], action: () => void): void => {
    try {
      action();
    } catch (error) {
      problems.push({ part, error });
    }
  };
  attempt('owner', () => lchownSync(path, node.uid, node.gid));
  for (const { name, value } of node.extendedAttributes ?? []) {
    attempt('extended attributes', () => calls.setAttribute(path, name, value));
  }
  attempt('times', () => calls.setTimes(path, node));
  if (node.type !== 'symlink') attempt('mode', () => setMode(path, node));
  return problems;
}

/** `chmod` follows links, so the item is opened first, without following one. */
function setMode(path: Buffer, node: TreeNode): void {
  const permissions = posixPermissions(node.mode);
  if (node.type === 'dir' || process.platform !== 'linux') {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      fchmodSync(descriptor, permissions);
    } finally {
      closeSync(descriptor);
    }
    return;
  }
  const descriptor = openSync(path, pathOnly | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${descriptor}`, permissions);
  } finally {
    closeSync(descriptor);
  }
}
