import { crc32, deflateRawSync } from 'node:zlib';
import { posixPermissions } from '../tree/file-mode.ts';
import type { TreeNode } from '../tree/node.ts';
import type { ArchiveMember } from './member.ts';

/** Numbers of the format (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4). */
const signatures = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  end: 0x06054b50,
};
/** Sizes and checksum come after the content; names are UTF-8. */
const generalFlags = 0x0808;
const versionZip64 = 45;
const madeByUnix = (3 << 8) | versionZip64;
const [stored, deflated] = [0, 8];
const limit32 = 0xffff_ffff;
const limit16 = 0xffff;

const fileTypes: Readonly<Record<string, number>> = { file: 0o100000, dir: 0o040000, symlink: 0o120000 };

interface Written {
  readonly name: Buffer;
  readonly node: TreeNode;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly plain: number;
  readonly offset: number;
}

/**
 * A zip archive with the permissions of Unix, as a stream and of any size (ZIP64). Each blob is deflated by itself.
 * It holds files, folders and symbolic links; owners and attributes have no place in it.
 */
export async function* zipArchive(members: AsyncIterable<ArchiveMember>): AsyncGenerator<Uint8Array> {
  const written: Written[] = [];
  let offset = 0;
  const out = (bytes: Uint8Array): Uint8Array => {
    offset += bytes.length;
    return bytes;
  };
  for await (const { path, node, content } of members) {
    if (fileTypes[node.type] === undefined) continue;
    const start = offset;
    const name = node.type === 'dir' ? Buffer.concat([path, Buffer.from('/')]) : path;
    const method = node.type === 'file' ? deflated : stored;
    yield out(localHeader(name, node, method));
    let [crc, packed, plain] = [0, 0, 0];
    for await (const bytes of contentOf(node, content)) {
      crc = crc32(bytes, crc);
      plain += bytes.length;
      const data = method === deflated ? deflatePart(bytes) : bytes;
      packed += data.length;
      yield out(data);
    }
    if (method === deflated) {
      packed += lastBlock.length;
      yield out(lastBlock);
    }
    yield out(descriptor(crc, packed, plain));
    written.push({ name, node, method, crc, packed, plain, offset: start });
  }
  const start = offset;
  for (const member of written) yield out(centralHeader(member));
  yield endOfArchive({ count: written.length, start, bytes: offset - start });
}

async function* contentOf(node: TreeNode, content: ArchiveMember['content']): AsyncGenerator<Uint8Array> {
  if (node.type === 'symlink') yield node.linkTarget ?? Buffer.alloc(0);
  else if (node.type === 'file') yield* content();
}

/** Blocks that do not end the stream: flushed to a whole byte, so that the next ones can follow. */
function deflatePart(bytes: Uint8Array): Buffer {
  return deflateRawSync(bytes, { finishFlush: 2 });
}

/** An empty block that ends a deflated stream. */
const lastBlock = deflateRawSync(Buffer.alloc(0));

function localHeader(name: Buffer, node: TreeNode, method: number): Buffer {
  const fixed = Buffer.alloc(30);
  fixed.writeUInt32LE(signatures.local, 0);
  fixed.writeUInt16LE(versionZip64, 4);
  fixed.writeUInt16LE(generalFlags, 6);
  fixed.writeUInt16LE(method, 8);
  dosTime(fixed, 10, node);
  // With sizes in the descriptor, an extra field says that they have 64 bits there.
  fixed.writeUInt32LE(limit32, 18);
  fixed.writeUInt32LE(limit32, 22);
  fixed.writeUInt16LE(name.length, 26);
  const extra = zip64Extra([0, 0]);
  fixed.writeUInt16LE(extra.length, 28);
  return Buffer.concat([fixed, name, extra]);
}

function descriptor(crc: number, packed: number, plain: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(signatures.descriptor, 0);
  bytes.writeUInt32LE(crc, 4);
  bytes.writeBigUInt64LE(BigInt(packed), 8);
  bytes.writeBigUInt64LE(BigInt(plain), 16);
  return bytes;
}

function centralHeader({ name, node, method, crc, packed, plain, offset }: Written): Buffer {
  const fixed = Buffer.alloc(46);
  fixed.writeUInt32LE(signatures.central, 0);
  fixed.writeUInt16LE(madeByUnix, 4);
  fixed.writeUInt16LE(versionZip64, 6);
  fixed.writeUInt16LE(generalFlags, 8);
  fixed.writeUInt16LE(method, 10);
  dosTime(fixed, 12, node);
  fixed.writeUInt32LE(crc, 16);
  fixed.writeUInt32LE(limit32, 20);
  fixed.writeUInt32LE(limit32, 24);
  fixed.writeUInt16LE(name.length, 28);
  const extra = zip64Extra([plain, packed, offset]);
  fixed.writeUInt16LE(extra.length, 30);
  const mode = (fileTypes[node.type] ?? 0) | posixPermissions(node.mode);
  fixed.writeUInt32LE((mode << 16) >>> 0, 38);
  fixed.writeUInt32LE(limit32, 42);
  return Buffer.concat([fixed, name, extra]);
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(values.length * 8, 2);
  for (const [index, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + index * 8);
  return extra;
}

function endOfArchive({
  count,
  start,
  bytes,
}: {
  readonly count: number;
  readonly start: number;
  readonly bytes: number;
}) {
  const end = Buffer.alloc(56 + 20 + 22);
  end.writeUInt32LE(signatures.end64, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(madeByUnix, 12);
  end.writeUInt16LE(versionZip64, 14);
  for (const at of [24, 32]) end.writeBigUInt64LE(BigInt(count), at);
  end.writeBigUInt64LE(BigInt(bytes), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(signatures.locator64, 56);
  end.writeBigUInt64LE(BigInt(start + bytes), 64);
  end.writeUInt32LE(1, 72);
  end.writeUInt32LE(signatures.end, 76);
  for (const at of [84, 86]) end.writeUInt16LE(limit16, at);
  for (const at of [88, 92]) end.writeUInt32LE(limit32, at);
  return end;
}

/** Local time in steps of two seconds, from 1980 to 2107. */
function dosTime(bytes: Buffer, at: number, { mtimeNs }: TreeNode): void {
  const time = new Date(Number(mtimeNs / 1_000_000n));
  const year = Math.min(Math.max(time.getFullYear() - 1980, 0), 127);
  bytes.writeUInt16LE((time.getHours() << 11) | (time.getMinutes() << 5) | (time.getSeconds() >> 1), at);
  bytes.writeUInt16LE((year << 9) | ((time.getMonth() + 1) << 5) | time.getDate(), at + 2);
}
