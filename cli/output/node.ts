import type { TreeNode } from '../../repository/tree/node.ts';
import { formatTime } from './format.ts';
import { printable } from './printable.ts';

/** Permission bits of Go's `os.FileMode`, as `ls -l` shows them. */
const permissionLetters = 'rwxrwxrwx';
/** Go's own bits (os.FileMode): setuid, setgid, sticky. */
const setuid = 0x0080_0000;
const setgid = 0x0040_0000;
const sticky = 0x0010_0000;

const typeLetters = {
  file: '-',
  dir: 'd',
  symlink: 'l',
  dev: 'b',
  chardev: 'c',
  fifo: 'p',
  socket: 's',
  irregular: '?',
} as const;

/** A node for programs. A name that is no UTF-8 is given in base64 too. */
export function nodeDocument(path: Buffer, node: TreeNode): object {
  const text = path.toString('utf8');
  return {
    path: text,
    ...(Buffer.from(text).equals(path) ? {} : { path_base64: path.toString('base64') }),
    type: node.type,
    mode: node.mode & 0o777,
    permissions: permissions(node),
    mtime: new Date(Number(node.mtimeNs / 1_000_000n)).toISOString(),
    uid: node.uid,
    gid: node.gid,
    ...(node.user === undefined ? {} : { user: node.user }),
    ...(node.group === undefined ? {} : { group: node.group }),
    ...(node.size === undefined ? {} : { size: Number(node.size) }),
    ...(node.linkTarget === undefined ? {} : { link_target: node.linkTarget.toString('utf8') }),
  };
}

/** A line as `ls -l` shows it. */
export function longLine(path: Buffer, node: TreeNode): string {
  const owner = `${node.user ?? node.uid} ${node.group ?? node.gid}`;
  const size = (node.size ?? 0n).toString().padStart(11);
  const time = formatTime(new Date(Number(node.mtimeNs / 1_000_000n)));
  const target = node.linkTarget ? ` -> ${printable(node.linkTarget.toString('utf8'))}` : '';
  return `${permissions(node)} ${owner.padEnd(13)} ${size} ${time} ${printable(path.toString('utf8'))}${target}`;
}

function permissions({ type, mode }: TreeNode): string {
  const letters = [...permissionLetters].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  if (mode & setuid) letters[2] = letters[2] === 'x' ? 's' : 'S';
  if (mode & setgid) letters[5] = letters[5] === 'x' ? 's' : 'S';
  if (mode & sticky) letters[8] = letters[8] === 'x' ? 't' : 'T';
  return typeLetters[type] + letters.join('');
}
