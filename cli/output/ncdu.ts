import type { BlobReader } from '../../repository/blobs.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { RepeatLimit } from '../../repository/tree/repeat-limit.ts';
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
  yield* folder({ reader, signal, repeats: new RepeatLimit() }, { tree, path: Buffer.from('/') });
  yield ']]\n';
}

interface Export {
  readonly reader: BlobReader;
  readonly signal: AbortSignal;
  readonly repeats: RepeatLimit;
}

async function* folder(
  whole: Export,
  { tree, path }: { readonly tree: string; readonly path: Buffer },
): AsyncGenerator<string> {
  const nodes = await loadTree(whole.reader, tree, whole.signal);
  whole.repeats.enter(tree, nodes);
  for (const node of nodes) {
    if (node.type !== 'dir') {
      yield `,\n${JSON.stringify(item(node))}`;
      continue;
    }
    const below = Buffer.concat([path, node.name, Buffer.from('/')]);
    yield `,\n[${JSON.stringify(item(node))}`;
    yield* folder(whole, { tree: subtreeOf(node, below), path: below });
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
