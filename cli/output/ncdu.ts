import type { BlobReader } from '../../repository/blobs.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { subtreeOf } from '../../repository/tree/walk.ts';

/**
 * A snapshot in the export format of ncdu, version 1.2 (https://dev.yorhel.nl/ncdu/jsonfmt): a folder is an array of
 * itself and what is in it.
 */
export async function* ncduExport(
  reader: BlobReader,
  { tree, time }: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const timestamp = Math.floor(Date.parse(time) / 1000);
  yield `[1,2,${JSON.stringify({ time, progname: 'resguardo', progver: '', timestamp })},[{"name":"/"}`;
  yield* folder(reader, { tree, path: Buffer.from('/') }, signal);
  yield ']]\n';
}

async function* folder(
  reader: BlobReader,
  { tree, path }: { readonly tree: string; readonly path: Buffer },
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const node of await loadTree(reader, tree, signal)) {
    if (node.type !== 'dir') {
      yield `,\n${JSON.stringify(item(node))}`;
      continue;
    }
    const below = Buffer.concat([path, node.name, Buffer.from('/')]);
    yield `,\n[${JSON.stringify(item(node))}`;
    yield* folder(reader, { tree: subtreeOf(node, below), path: below }, signal);
    yield ']';
  }
}

/** Blocks of 512 bytes are what a usual file system would take. */
function item({ name, type, size = 0n, deviceId, inode, links, mtimeNs, mode, uid, gid }: TreeNode): object {
  const bytes = Number(size);
  return {
    name: name.toString('utf8'),
    asize: bytes,
    dsize: Math.ceil(bytes / 512) * 512,
    dev: Number(deviceId ?? 0n),
    ino: Number(inode ?? 0n),
    nlink: Number(links ?? 1n),
    notreg: type !== 'dir' && type !== 'file',
    uid,
    gid,
    mode: mode & 0o777,
    mtime: Number(mtimeNs / 1_000_000_000n),
  };
}
