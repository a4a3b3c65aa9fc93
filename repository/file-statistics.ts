import { hash } from 'node:crypto';
import type { Repository } from './repository.ts';
import type { Snapshot } from './snapshot.ts';
import { walkTree } from './tree/walk.ts';

/** Files of snapshots, each content once. */
export interface FilesByContents {
  readonly snapshots: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Files of snapshots, each content once, and the blobs that they are made of: a blob counts once for each path that it
 * is used at.
 */
export interface BlobsPerFile {
  readonly snapshots: number;
  readonly files: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** @throws {Failure} RepositoryDamaged, PathEscape */
export async function filesByContents(
  repository: Repository,
  snapshots: readonly Snapshot[],
  signal: AbortSignal,
): Promise<FilesByContents> {
  await repository.loadIndex(signal);
  const seen = new Set<string>();
  let bytes = 0;
  for (const { tree } of snapshots) {
    for await (const { node } of walkTree(repository, tree, signal)) {
      if (node.type !== 'file') continue;
      if (!isNew(seen, (node.content ?? []).join(''))) continue;
      bytes += Number(node.size ?? 0n);
    }
  }
  return { snapshots: snapshots.length, files: seen.size, bytes };
}

/** @throws {Failure} RepositoryDamaged, PathEscape */
export async function blobsPerFile(
  repository: Repository,
  snapshots: readonly Snapshot[],
  signal: AbortSignal,
): Promise<BlobsPerFile> {
  await repository.loadIndex(signal);
  const contents = new Set<string>();
  const seen = new Set<string>();
  const files = new Set<string>();
  let [blobs, bytes] = [0, 0];
  for (const { tree } of snapshots) {
    for await (const { path, node } of walkTree(repository, tree, signal)) {
      if (node.type !== 'file' || !isNew(contents, (node.content ?? []).join(''))) continue;
      const at = path.toString('latin1');
      files.add(hash('sha256', at, 'base64'));
      for (const id of new Set(node.content)) {
        if (!isNew(seen, `${id}${at}`)) continue;
        blobs += 1;
        bytes += repository.blobSize('data', id) ?? 0;
      }
    }
  }
  return { snapshots: snapshots.length, files: files.size, blobs, bytes };
}

/** Adds a text to a set, in the memory of its hash; false when it was there. */
function isNew(seen: Set<string>, text: string): boolean {
  const key = hash('sha256', text, 'base64');
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}
