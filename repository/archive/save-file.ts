import type { FileStat, SavedContent, SavedFile } from '../blobs.ts';
import type { NodeMetadata } from '../tree/node.ts';
import type { FileEntry } from './entry.ts';
import { isDescribedBy, metadataOfStat } from './stat-metadata.ts';

/** A stored file, or why there is none. */
export type FileResult =
  | {
      readonly kind: 'stored';
      readonly saved: SavedContent;
      /** When it is not as listed. */
      readonly metadata?: NodeMetadata;
      readonly warning?: string;
    }
  | { readonly kind: 'skipped'; readonly warning: string };

/** What became of a file of the file system, for its node. What happened to it meanwhile is a warning. */
export function fileResult(entry: FileEntry, result: SavedFile): FileResult {
  if (result.kind === 'skipped') return { kind: 'skipped', warning: result.reason };
  const { saved, stat, isChanged } = result;
  return {
    kind: 'stored',
    saved,
    ...(stat && !isDescribedBy(stat, stampOf(entry)) && { metadata: currentMetadata(entry.metadata, stat) }),
    ...(isChanged && { warning: 'it changed while it was read; what was read is stored' }),
  };
}

/** What tells whether a file is the one that was listed. */
export function stampOf(entry: FileEntry): NonNullable<FileEntry['stamp']> {
  return entry.stamp ?? entry.metadata;
}

/** The metadata of the file that was opened, which is not as it was listed. */
function currentMetadata(listed: NodeMetadata, stat: FileStat): NodeMetadata {
  const current = metadataOfStat(stat, {
    user: (uid) => (uid === listed.uid ? listed.user : undefined),
    group: (gid) => (gid === listed.gid ? listed.group : undefined),
  });
  const { extendedAttributes } = listed;
  return {
    ...current,
    // The time of the last access, where it is kept: opening the file does not change it, reading does.
    ...(listed.atimeNs !== listed.mtimeNs && { atimeNs: listed.atimeNs }),
    ...(extendedAttributes !== undefined && { extendedAttributes }),
  };
}
