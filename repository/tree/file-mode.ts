/**
 * Modes in trees are Go's `os.FileMode`: the nine permission bits, and bits of its own from the top down.
 * https://pkg.go.dev/io/fs#FileMode
 */
import { constants } from 'node:fs';
import type { NodeType } from './node.ts';

const setuid = 2 ** 23;
const setgid = 2 ** 22;
const sticky = 2 ** 20;

const typeBits: Readonly<Record<NodeType, number>> = {
  file: 0,
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  chardev: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  irregular: 2 ** 19,
};

/** S_ISUID, S_ISGID and S_ISVTX of <sys/stat.h>. */
const posixSetuid = 0o4000;
const posixSetgid = 0o2000;
const posixSticky = 0o1000;

const typesOfPosix = new Map<number, NodeType>([
  [constants.S_IFREG, 'file'],
  [constants.S_IFDIR, 'dir'],
  [constants.S_IFLNK, 'symlink'],
  [constants.S_IFBLK, 'dev'],
  [constants.S_IFCHR, 'chardev'],
  [constants.S_IFIFO, 'fifo'],
  [constants.S_IFSOCK, 'socket'],
]);

/** Node type of a `st_mode`. */
export function nodeTypeOfMode(posixMode: number): NodeType {
  return typesOfPosix.get(posixMode & constants.S_IFMT) ?? 'irregular';
}

/** Go's mode of a `st_mode`. */
export function goFileMode(posixMode: number): number {
  return goMode(nodeTypeOfMode(posixMode), posixMode & 0o7777);
}

/** Go's mode of a node type and the low twelve bits of a `st_mode`: permissions, setuid, setgid, sticky. */
export function goMode(type: NodeType, permissions: number): number {
  let mode = typeBits[type] + (permissions & 0o777);
  if (permissions & posixSetuid) mode += setuid;
  if (permissions & posixSetgid) mode += setgid;
  if (permissions & posixSticky) mode += sticky;
  return mode;
}

/** Low twelve bits of a `st_mode` from Go's mode: what `chmod` takes. */
export function posixPermissions(mode: number): number {
  let permissions = mode & 0o777;
  if (mode & setuid) permissions |= posixSetuid;
  if (mode & setgid) permissions |= posixSetgid;
  if (mode & sticky) permissions |= posixSticky;
  return permissions;
}
