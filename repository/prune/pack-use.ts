import { Failure } from '../../contracts/failures.ts';
import type { BlobNumbers } from '../blob-numbers.ts';
import { packBytes } from '../check/check-indexes.ts';
import { shortId } from '../ids.ts';
import type { BlobIndex, IndexedPack } from '../index/blob-index.ts';
import type { PackedBlob } from '../pack/header.ts';

/** How much of a pack is still needed. Bytes with the pack's header, which counts as used. */
export interface PackUse {
  readonly id: string;
  readonly content: 'data' | 'tree' | 'mixed';
  usedBlobs: number;
  unusedBlobs: number;
  usedBytes: number;
  unusedBytes: number;
  /** Blobs among the unused ones that snapshots need, and that lie in other packs too. */
  duplicateBlobs: number;
  /** Trees that no snapshot needs. */
  readonly unusedTrees: number;
  /** Trees that an old program stored without compression. */
  readonly hasPlainTrees: boolean;
}

/** Blobs and their sealed bytes. */
export interface BlobSum {
  blobs: number;
  bytes: number;
}

export interface UseOfPacks {
  readonly packs: readonly PackUse[];
  /** Packs that the index names, that are gone, and that nobody needs. */
  readonly missing: readonly string[];
  /** One copy of each blob that snapshots need. */
  readonly used: BlobSum;
  readonly duplicate: BlobSum;
  readonly unused: BlobSum;
}

/**
 * Finds out how much of each pack is needed. Of a blob that lies in several packs one copy is chosen as the used
 * one: best in a pack that is kept anyway.
 * @param sizes bytes of the packs in the store
 * @throws {Failure} RepositoryDamaged when a needed blob is in no index, or in a pack that is missing or has
 *   another size than the index says: nothing may be removed then
 */
export function findUseOfPacks(
  index: BlobIndex,
  needed: BlobNumbers,
  sizes: ReadonlyMap<string, number>,
): UseOfPacks {
  countCopies(index, needed, sizes);
  const sums = { used: zero(), duplicate: zero(), unused: zero() };
  const packs: PackUse[] = [];
  const missing: string[] = [];
  for (const pack of index.blobsByPack()) {
    const sizeBytes = sizes.get(pack.id);
    if (sizeBytes === undefined) {
      missing.push(pack.id);
      continue;
    }
    const use = useOf(pack, needed, sums);
    if (use.usedBlobs + use.duplicateBlobs > 0) assertSize(pack, sizeBytes);
    packs.push(use);
  }
  if (sums.duplicate.blobs > 0) chooseCopies({ index, needed, packs, sums });
  return { packs, missing, ...sums };
}

/** A copy of a blob was chosen among several. */
const chosen = 1;
/** The next copy is the last one. */
const lastCopy = 0;

/** Gives each needed blob the number of its copies. */
function countCopies(index: BlobIndex, needed: BlobNumbers, sizes: ReadonlyMap<string, number>): void {
  for (const { type, id, pack } of index.blobs()) {
    const copies = needed.get(type, id);
    if (copies !== undefined && sizes.has(pack)) needed.set(type, id, copies + 1);
  }
  const lost = needed.withNumber(0);
  const { value: first, done } = lost.next();
  if (done) return;
  let count = 1;
  for (const _blob of lost) count += 1;
  throw new Failure(
    'RepositoryDamaged',
    `${count} ${count === 1 ? 'blob that snapshots need is' : 'blobs that snapshots need are'} in no pack, the first is the ${first.type} blob ${shortId(first.id)}. Nothing was removed.`,
    { advice: 'Run `resguardo repo rebuild-index`, then `resguardo repo check`.' },
  );
}

type Sums = Pick<UseOfPacks, 'used' | 'duplicate' | 'unused'>;

function useOf(pack: IndexedPack, needed: BlobNumbers, sums: Sums): PackUse {
  const types = new Set(pack.blobs.map(({ type }) => type));
  const blobBytes = pack.blobs.reduce((sum, { length }) => sum + length, 0);
  const use = { usedBlobs: 0, unusedBlobs: 0, usedBytes: packBytes(pack) - blobBytes, unusedBytes: 0 };
  let [duplicateBlobs, unusedTrees] = [0, 0];
  for (const blob of pack.blobs) {
    const copies = needed.get(blob.type, blob.id);
    if (copies === 1) {
      use.usedBlobs += 1;
      use.usedBytes += blob.length;
      add(sums.used, blob);
      continue;
    }
    use.unusedBlobs += 1;
    use.unusedBytes += blob.length;
    add(copies === undefined ? sums.unused : sums.duplicate, blob);
    if (copies !== undefined) duplicateBlobs += 1;
    else if (blob.type === 'tree') unusedTrees += 1;
  }
  return {
    id: pack.id,
    content: types.size > 1 ? 'mixed' : types.has('tree') ? 'tree' : 'data',
    ...use,
    duplicateBlobs,
    unusedTrees,
    hasPlainTrees: pack.blobs.some((blob) => blob.type === 'tree' && blob.uncompressedLength === undefined),
  };
}

interface Choice {
  readonly index: BlobIndex;
  readonly needed: BlobNumbers;
  readonly packs: readonly PackUse[];
  readonly sums: Sums;
}

/**
 * Turns one copy of each duplicate into the used one: in a pack with other used blobs, in one of nothing but
 * duplicates (as an interrupted prune has written it), else the last.
 */
function chooseCopies({ index, needed, packs, sums }: Choice): void {
  const uses = new Map(packs.map((use) => [use.id, use]));
  for (const { id: pack, blobs } of index.blobsByPack()) {
    const use = uses.get(pack);
    if (!use) continue;
    for (const blob of blobs) {
      const copies = needed.get(blob.type, blob.id);
      if (copies === undefined || copies === chosen) continue;
      const isBest = use.usedBlobs > 0 || use.duplicateBlobs === use.unusedBlobs || copies === lastCopy;
      if (!isBest) {
        needed.set(blob.type, blob.id, copies === 2 ? lastCopy : copies - 1);
        continue;
      }
      use.usedBlobs += 1;
      use.usedBytes += blob.length;
      use.unusedBlobs -= 1;
      use.unusedBytes -= blob.length;
      use.duplicateBlobs -= 1;
      add(sums.used, blob);
      subtract(sums.duplicate, blob);
      needed.set(blob.type, blob.id, chosen);
    }
  }
}

function assertSize(pack: IndexedPack, sizeBytes: number): void {
  const expected = packBytes(pack);
  if (sizeBytes === expected) return;
  throw new Failure(
    'RepositoryDamaged',
    `The pack ${shortId(pack.id)} has ${sizeBytes} bytes where the index says ${expected}. Nothing was removed.`,
    { advice: 'Run `resguardo repo rebuild-index`, then `resguardo repo check --read-data`.' },
  );
}

function zero(): BlobSum {
  return { blobs: 0, bytes: 0 };
}

function add(sum: BlobSum, { length }: PackedBlob): void {
  sum.blobs += 1;
  sum.bytes += length;
}

function subtract(sum: BlobSum, { length }: PackedBlob): void {
  sum.blobs -= 1;
  sum.bytes -= length;
}
