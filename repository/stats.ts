import { BlobNumbers } from './blob-numbers.ts';
import { addUsedBlobs } from './prune/used-blobs.ts';
import type { Repository } from './repository.ts';
import type { Snapshot } from './snapshot.ts';
import { walkTree } from './tree/walk.ts';

/** What a repository holds. Sizes in bytes. */
export interface RepositoryStatistics {
  readonly snapshots: number;
  /** Sum over the snapshots that know their size. */
  readonly snapshotBytes: number;
  readonly packs: number;
  readonly packBytes: number;
  readonly indexFiles: number;
  readonly blobs: number;
  /** Before compression. */
  readonly blobBytes: number;
  /** How often each stored byte is used: snapshots over packs. */
  readonly reductionRatio: number;
}

/** What snapshots would take when restored, each by itself; a file with several names in one counts once. */
export interface RestoreSize {
  readonly snapshots: number;
  readonly files: number;
  readonly bytes: number;
}

/** What snapshots need of the repository, each blob once. */
export interface RawData {
  readonly snapshots: number;
  readonly blobs: number;
  /** Sealed, without the headers of packs. */
  readonly storedBytes: number;
  /** Before compression. */
  readonly plainBytes: number;
}

/** Counts what is there, needed or not. */
export async function repositoryStatistics(
  repository: Repository,
  signal: AbortSignal,
): Promise<RepositoryStatistics> {
  let [snapshots, snapshotBytes] = [0, 0];
  for await (const { summary } of repository.snapshots(signal)) {
    snapshots += 1;
    snapshotBytes += summary?.totalBytesProcessed ?? 0;
  }
  await repository.loadIndex(signal);
  let blobBytes = 0;
  for (const { type, id } of repository.index.blobs()) blobBytes += repository.blobSize(type, id) ?? 0;
  let [packs, packBytes, indexFiles] = [0, 0, 0];
  for await (const { sizeBytes } of repository.store.list('data', signal)) {
    packs += 1;
    packBytes += sizeBytes;
  }
  for await (const _file of repository.store.list('index', signal)) indexFiles += 1;
  const reductionRatio = packBytes === 0 ? 1 : snapshotBytes / packBytes;
  const blobs = repository.index.blobCount;
  return { snapshots, snapshotBytes, packs, packBytes, indexFiles, blobs, blobBytes, reductionRatio };
}

/** @throws {Failure} RepositoryDamaged, PathEscape */
export async function restoreSize(
  repository: Repository,
  snapshots: readonly Snapshot[],
  signal: AbortSignal,
): Promise<RestoreSize> {
  await repository.loadIndex(signal);
  let [files, bytes] = [0, 0];
  for (const { tree } of snapshots) {
    const linked = new Set<string>();
    for await (const { node } of walkTree(repository, tree, signal)) {
      files += 1;
      const inode = `${node.deviceId}:${node.inode}`;
      if ((node.links ?? 1n) > 1n && node.type === 'file') {
        if (linked.has(inode)) continue;
        linked.add(inode);
      }
      bytes += node.type === 'file' ? Number(node.size ?? 0n) : 0;
    }
  }
  return { snapshots: snapshots.length, files, bytes };
}

/** @throws {Failure} RepositoryDamaged, PathEscape */
export async function rawData(
  repository: Repository,
  snapshots: readonly Snapshot[],
  signal: AbortSignal,
): Promise<RawData> {
  await repository.loadIndex(signal);
  const needed = new BlobNumbers();
  for (const { tree } of snapshots) await addUsedBlobs(needed, { reader: repository, tree }, signal);
  let [storedBytes, plainBytes] = [0, 0];
  for (const { type, id } of needed.withNumber(0)) {
    storedBytes += repository.index.locate(type, id)[0]?.length ?? 0;
    plainBytes += repository.blobSize(type, id) ?? 0;
  }
  return { snapshots: snapshots.length, blobs: needed.size, storedBytes, plainBytes };
}
