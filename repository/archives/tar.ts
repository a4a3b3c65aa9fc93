import { Failure } from '../../contracts/failures.ts';
import { posixPermissions } from '../tree/file-mode.ts';
import type { TreeNode } from '../tree/node.ts';
import { printablePath } from '../tree/walk.ts';
import type { ArchiveMember } from './member.ts';

const blockBytes = 512;
/** Two blocks of zeros end an archive (POSIX.1-2017, pax, "ustar Interchange Format"). */
const end = Buffer.alloc(2 * blockBytes);

/** Type flags of ustar. */
const flags = { file: '0', symlink: '2', chardev: '3', dev: '4', dir: '5', fifo: '6' } as const;

/**
 * A tar archive in the pax format: what ustar has no room for, and extended attributes, stand in extended headers.
 * Sockets are left out; hard links become files of their own.
 */
export async function* tarArchive(members: AsyncIterable<ArchiveMember>): AsyncGenerator<Uint8Array> {
  for await (const { path, node, content } of members) {
    if (!isStorable(node)) continue;
    const name = node.type === 'dir' ? Buffer.concat([path, Buffer.from('/')]) : path;
    const records = extendedRecords(name, node);
    if (records.length > 0) {
      yield header({ name: Buffer.from('pax'), type: 'x', size: records.length, mode: 0o644 });
      yield padded(records);
    }
    const size = node.type === 'file' ? Number(node.size ?? 0n) : 0;
    yield header({ name, type: flags[node.type], size, mode: posixPermissions(node.mode) & 0o7777, node });
    let written = 0;
    for await (const bytes of node.type === 'file' ? content() : []) {
      written += bytes.length;
      yield bytes;
    }
    if (written !== size) {
      throw new Failure(
        'RepositoryDamaged',
        `${printablePath(path)} has ${written} bytes where its node says ${size}.`,
      );
    }
    if (size % blockBytes !== 0) yield Buffer.alloc(blockBytes - (size % blockBytes));
  }
  yield end;
}

type StorableNode = TreeNode & { readonly type: keyof typeof flags };

function isStorable(node: TreeNode): node is StorableNode {
  return Object.hasOwn(flags, node.type);
}

interface HeaderFields {
  readonly name: Buffer;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly node?: TreeNode;
}

function header({ name, type, size, mode, node }: HeaderFields): Buffer {
  const block = Buffer.alloc(blockBytes);
  name.copy(block, 0, 0, 100);
  octal(block, 100, 8, mode);
  octal(block, 108, 8, node?.uid ?? 0);
  octal(block, 116, 8, node?.gid ?? 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, node ? Number(node.mtimeNs / 1_000_000_000n) : 0);
  block.fill(' ', 148, 156);
  block.write(type, 156, 'latin1');
  node?.linkTarget?.copy(block, 157, 0, 100);
  block.write('ustar\0' + '00', 257, 'latin1');
  block.write((node?.user ?? '').slice(0, 31), 265, 'latin1');
  block.write((node?.group ?? '').slice(0, 31), 297, 'latin1');
  const [major, minor] = deviceNumbers(node?.device ?? 0n);
  octal(block, 329, 8, major);
  octal(block, 337, 8, minor);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A number that does not fit stands in an extended header; its field is 0 then. */
function octal(block: Buffer, at: number, length: number, value: number): void {
  const digits = Math.max(0, value)
    .toString(8)
    .padStart(length - 1, '0');
  block.write(digits.length < length && value >= 0 ? digits : '0'.repeat(length - 1), at, 'latin1');
}

function extendedRecords(name: Buffer, node: TreeNode): Buffer {
  const records: Buffer[] = [];
  const add = (key: string, value: Buffer | string): void => {
    records.push(record(Buffer.from(key), typeof value === 'string' ? Buffer.from(value) : value));
  };
  const size = node.size ?? 0n;
  if (name.length > 100 || !isAscii(name)) add('path', name);
  const { linkTarget } = node;
  if (linkTarget && (linkTarget.length > 100 || !isAscii(linkTarget))) add('linkpath', linkTarget);
  if (size >= 8n ** 11n) add('size', size.toString());
  if (node.uid >= 8 ** 7) add('uid', node.uid.toString());
  if (node.gid >= 8 ** 7) add('gid', node.gid.toString());
  if (node.mtimeNs < 0n || node.mtimeNs % 1_000_000_000n !== 0n) add('mtime', seconds(node.mtimeNs));
  for (const { name: key, value } of node.extendedAttributes ?? []) add(`SCHILY.xattr.${key}`, value);
  return Buffer.concat(records);
}

/** "LENGTH KEY=VALUE\n", where the length counts itself. */
function record(key: Buffer, value: Buffer): Buffer {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} `), key, Buffer.from('='), value, Buffer.from('\n')]);
}

function seconds(timeNs: bigint): string {
  const sign = timeNs < 0n ? '-' : '';
  const digits = (timeNs < 0n ? -timeNs : timeNs).toString().padStart(10, '0');
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % blockBytes;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(blockBytes - rest)]);
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte > 0x1f && byte < 0x7f);
}

/** Major and minor number of st_rdev, as Linux puts them together (<sys/sysmacros.h>). */
function deviceNumbers(device: bigint): readonly [number, number] {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return [Number(major & 0xffff_ffffn), Number(minor & 0xffff_ffffn)];
}
