import { closeSync, fstatSync, readSync } from 'node:fs';
import { smallFileBytes } from '../../blobs.ts';
import type { FileList, FileNote, FilesRead } from './messages.ts';
import { listedFields } from './messages.ts';
import {
  foreign,
  isChanged,
  isForeign,
  notAFile,
  openForReading,
  plainStat,
  unreadable,
} from './open-file.ts';

/**
 * Reads small files one after the other into the buffer. What happened to a file meanwhile is a note; files
 * that have grown so much that the buffer does not take them are left to be read alone.
 */
export function readFiles(files: FileList, buffer: Buffer): FilesRead {
  const sizes = new Uint32Array(files.paths.length);
  const notes: FileNote[] = [];
  const user = process.geteuid?.();
  let filled = 0;
  for (const [index, path] of files.paths.entries()) {
    const space = buffer.subarray(filled, filled + smallFileBytes + 1);
    const { bytes, note } = readSmallFile({ files, index, path, user }, space);
    if (note) notes.push({ index, ...note });
    sizes[index] = bytes;
    filled += bytes;
  }
  return { sizes, notes };
}

interface SmallFile {
  readonly files: FileList;
  readonly index: number;
  readonly path: string;
  readonly user: number | undefined;
}

interface SmallFileRead {
  readonly bytes: number;
  readonly note?: Omit<FileNote, 'index'>;
}

function readSmallFile(file: SmallFile, space: Buffer): SmallFileRead {
  let descriptor: number;
  try {
    descriptor = openForReading(
      Buffer.from(file.path, 'latin1'),
      file.files.owners[file.index] ?? 0,
      file.user,
    );
  } catch (error) {
    return { bytes: 0, note: { skipped: unreadable(error) } };
  }
  try {
    return readOpenFile(descriptor, file, space);
  } catch (error) {
    return { bytes: 0, note: { skipped: unreadable(error) } };
  } finally {
    closeSync(descriptor);
  }
}

function readOpenFile(descriptor: number, { files, index }: SmallFile, space: Buffer): SmallFileRead {
  const before = fstatSync(descriptor, { bigint: true });
  if (!before.isFile()) return { bytes: 0, note: { skipped: notAFile } };
  if (isForeign(before, files.owners[index] ?? 0)) return { bytes: 0, note: { skipped: foreign } };
  if (before.size >= space.length) return { bytes: 0, note: { isLarge: true } };
  const bytes = readToEnd(descriptor, space, Number(before.size));
  if (bytes === space.length) return { bytes: 0, note: { isLarge: true } };
  const changed = isChanged(before, fstatSync(descriptor, { bigint: true }), BigInt(bytes));
  const [mtimeNs, ctimeNs, size, inode, device] = files.listed.subarray(index * listedFields);
  const isListed =
    before.mtimeNs === mtimeNs &&
    before.ctimeNs === ctimeNs &&
    before.size === size &&
    BigInt.asIntN(64, before.ino) === inode &&
    BigInt.asIntN(64, before.dev) === device;
  if (isListed && !changed) return { bytes };
  const note = { ...(changed && { isChanged: true }), ...(!isListed && { stat: plainStat(before) }) };
  return { bytes, note };
}

/** Asks for a byte more than the file should have: getting no more than that is its end. */
function readToEnd(descriptor: number, space: Buffer, expectedBytes: number): number {
  for (let filled = 0; ; ) {
    const wanted = filled <= expectedBytes ? expectedBytes + 1 : space.length;
    const bytes = readSync(descriptor, space, filled, Math.min(wanted, space.length) - filled, null);
    filled += bytes;
    if (bytes === 0 || filled === expectedBytes || filled === space.length) return filled;
  }
}
