import { chmodSync, closeSync, constants, fchmodSync, fchownSync, lchownSync, openSync } from 'node:fs';
import type { PosixCalls } from '../../posix/calls.ts';
import { posixPermissions } from '../tree/file-mode.ts';
import type { TreeNode } from '../tree/node.ts';

/** O_PATH of Linux's <fcntl.h>: a descriptor that only names a file. */
const pathOnly = 0o10000000;

/** What of a node is set when its content is there. */
export type RestoredMetadata = Pick<
  TreeNode,
  'type' | 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'atimeNs' | 'extendedAttributes'
>;

/** What went wrong with one part of the metadata. */
export interface MetadataProblem {
  readonly part: 'owner' | 'extended attributes' | 'times' | 'mode';
  readonly error: unknown;
}

/** A restored item, which links in its place are not followed from. */
export interface RestoredItem {
  readonly path: Buffer;
  /** Of a file or folder that is open. */
  readonly descriptor?: number;
}

/**
 * Gives a restored item its owner, extended attributes, times and mode, in this order: a change of the owner
 * takes away setuid and file capabilities. One part that fails does not keep the others from being set.
 */
export function applyMetadata(
  calls: PosixCalls,
  { path, descriptor }: RestoredItem,
  node: RestoredMetadata,
): readonly MetadataProblem[] {
  const problems: MetadataProblem[] = [];
  const attempt = (part: MetadataProblem['part'], action: () => void): void => {
    try {
      action();
    } catch (error) {
      problems.push({ part, error });
    }
  };
  attempt('owner', () => {
    if (descriptor === undefined) lchownSync(path, node.uid, node.gid);
    else fchownSync(descriptor, node.uid, node.gid);
  });
  for (const { name, value } of node.extendedAttributes ?? []) {
    attempt('extended attributes', () => calls.setAttribute(path, name, value));
  }
  attempt('times', () => calls.setTimes(path, node));
  const permissions = posixPermissions(node.mode);
  if (descriptor !== undefined) attempt('mode', () => fchmodSync(descriptor, permissions));
  else if (node.type !== 'symlink') attempt('mode', () => setMode(path, permissions));
  return problems;
}

/** `chmod` follows links, so the item is named by a descriptor first, without following one. */
function setMode(path: Buffer, permissions: number): void {
  if (process.platform !== 'linux') {
    chmodSync(path, permissions);
    return;
  }
  const descriptor = openSync(path, pathOnly | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${descriptor}`, permissions);
  } finally {
    closeSync(descriptor);
  }
}
