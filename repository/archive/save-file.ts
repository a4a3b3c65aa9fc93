import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { isFailure } from '../../contracts/failures.ts';
import type { BlobWriter, SavedContent, SaveOptions } from '../blobs.ts';
import type { NodeMetadata } from '../tree/node.ts';
import type { FileEntry } from './entry.ts';
import { isDescribedBy, metadataOfStat } from './stat-metadata.ts';

/** A stored file, or why there is none. */
export type FileResult =
  | {
      readonly kind: 'stored';
      readonly saved: SavedContent;
      readonly metadata: NodeMetadata;
      readonly warning?: string;
    }
  | { readonly kind: 'skipped'; readonly warning: string };

/**
 * Stores a file of the file system. What happens to the file meanwhile is a warning; errors of the
 * repository are thrown. The file is opened so that a link, fifo or device in its place does no harm.
 */
export async function saveFile(
  entry: FileEntry,
  writer: BlobWriter,
  options: SaveOptions,
): Promise<FileResult> {
  let descriptor: number;
  try {
    descriptor = openForReading(entry);
  } catch (error) {
    return { kind: 'skipped', warning: `it cannot be read: ${explain(error)}` };
  }
  try {
    return await saveOpenFile(descriptor, entry, { writer, options });
  } finally {
    closeSync(descriptor);
  }
}

interface Destination {
  readonly writer: BlobWriter;
  readonly options: SaveOptions;
}

async function saveOpenFile(descriptor: number, entry: FileEntry, to: Destination): Promise<FileResult> {
  const before = fstatSync(descriptor, { bigint: true });
  if (!before.isFile()) return { kind: 'skipped', warning: 'it is no longer a regular file' };
  let saved: SavedContent;
  try {
    saved = await to.writer.saveFile(descriptor, to.options);
  } catch (error) {
    to.options.signal.throwIfAborted();
    if (!isReadError(error)) throw error;
    return { kind: 'skipped', warning: `it cannot be read: ${explain(error)}` };
  }
  const after = fstatSync(descriptor, { bigint: true });
  const changed =
    after.mtimeNs !== before.mtimeNs || after.size !== before.size || saved.sizeBytes !== before.size;
  return {
    kind: 'stored',
    saved,
    metadata: currentMetadata(entry.metadata, before),
    ...(changed && { warning: 'it changed while it was read; what was read is stored' }),
  };
}

/** O_NOATIME leaves the time of the last access as it is; only the owner and root may ask for it. */
function openForReading(entry: FileEntry): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const user = process.geteuid?.();
  if (constants.O_NOATIME !== undefined && (user === 0 || user === entry.metadata.uid)) {
    try {
      return openSync(entry.path, flags | constants.O_NOATIME);
    } catch (error) {
      if (codeOf(error) !== 'EPERM') throw error;
    }
  }
  return openSync(entry.path, flags);
}

/** The metadata of the file that was opened, when it is not the one that was listed. */
function currentMetadata(listed: NodeMetadata, stat: BigIntStats): NodeMetadata {
  if (isDescribedBy(stat, listed)) return listed;
  const current = metadataOfStat(stat, {
    user: (uid) => (uid === listed.uid ? listed.user : undefined),
    group: (gid) => (gid === listed.gid ? listed.group : undefined),
  });
  const { extendedAttributes } = listed;
  return extendedAttributes === undefined ? current : { ...current, extendedAttributes };
}

/** Errors of reading the file itself: those of the repository are failures, or name other calls. */
function isReadError(error: unknown): boolean {
  if (isFailure(error) || !(error instanceof Error) || !('syscall' in error)) return false;
  return error.syscall === 'read' || error.syscall === 'fstat';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const explanations = new Map([
  ['ENOENT', 'it vanished after it was listed'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ELOOP', 'a symbolic link took its place'],
  ['ENXIO', 'something else took its place'],
  ['EIO', 'the disk reports an input/output error'],
]);

function explain(error: unknown): string {
  const code = codeOf(error);
  return explanations.get(code ?? '') ?? (error instanceof Error ? error.message : String(error));
}
