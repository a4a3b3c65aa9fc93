import type { FileStamp, FileStat } from '../blobs.ts';
import { goFileMode, nodeTypeOfMode } from '../tree/file-mode.ts';
import type { NodeMetadata, NodeType } from '../tree/node.ts';

/** Names of users and groups; undefined where the host knows none. */
export interface OwnerNames {
  user(uid: number): string | undefined;
  group(gid: number): string | undefined;
}

/**
 * Metadata as restic records it: the size of files alone, the number of links not of folders, fifos and
 * sockets, and the time of the last change in place of that of the last access, which reading would change.
 */
export function metadataOfStat(stat: FileStat, names: OwnerNames): NodeMetadata {
  const posixMode = Number(stat.mode);
  const type = nodeTypeOfMode(posixMode);
  const uid = Number(stat.uid);
  const gid = Number(stat.gid);
  const user = names.user(uid);
  const group = names.group(gid);
  // One assignment after the other: spreading conditional parts takes several times as long.
  const metadata: Writable<NodeMetadata> = {
    type,
    mode: goFileMode(posixMode),
    mtimeNs: stat.mtimeNs,
    atimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    uid,
    gid,
    inode: stat.ino,
    deviceId: stat.dev,
  };
  if (user !== undefined) metadata.user = user;
  if (group !== undefined) metadata.group = group;
  if (type === 'file') metadata.size = stat.size;
  if (countsLinks(type)) metadata.links = stat.nlink;
  if (type === 'dev' || type === 'chardev') metadata.device = stat.rdev;
  return metadata;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Whether a file is still the one that the metadata describes, unchanged. */
export function isDescribedBy(stat: FileStat, metadata: FileStamp): boolean {
  return (
    stat.mtimeNs === metadata.mtimeNs &&
    stat.ctimeNs === metadata.ctimeNs &&
    stat.size === metadata.size &&
    stat.ino === metadata.inode &&
    stat.dev === metadata.deviceId
  );
}

function countsLinks(type: NodeType): boolean {
  return type === 'file' || type === 'symlink' || type === 'dev' || type === 'chardev';
}
