import { Failure } from '../../contracts/failures.ts';
import type { BlobType } from '../blobs.ts';
import type { Compressor } from '../compression.ts';
import { shortId } from '../ids.ts';
import type { IndexedPack } from '../index/blob-index.ts';
import type { PackedBlob } from '../pack/header.ts';
import { contentOf, verifiedBlobs } from '../repack/copy-blobs.ts';
import { fillPacks } from '../repack/pack-filler.ts';
import { isPlainTree } from '../repack/plain-tree.ts';
import type { Repository } from '../repository.ts';
import type { Failpoint, SealedFiles } from '../sealed-files.ts';
import type { PrunePlan } from './plan.ts';

export interface RepackOptions {
  readonly files: SealedFiles;
  readonly compressor: Compressor;
  readonly packBytes: number;
  readonly failpoint: Failpoint | undefined;
  readonly signal: AbortSignal;
  readonly onPack: () => void;
}

/** Marks of needed blobs while packs are packed anew. */
const waiting = 1;
const safe = 2;

/**
 * Copies what is needed of the packs to be packed anew into new packs, and writes an index of those. Removes
 * nothing. Every few packs an index is written, so that a prune that is killed goes on where it was.
 * @throws {Failure} RepositoryDamaged naming a blob that cannot be read
 */
export async function repackBlobs(
  repository: Repository,
  plan: PrunePlan,
  options: RepackOptions,
): Promise<{ readonly packsWritten: number }> {
  if (plan.repack.size === 0) return { packsWritten: 0 };
  const { files, signal, packBytes, failpoint, compressor, onPack } = options;
  const { store, sealing } = repository;
  markSafe(repository, plan);
  // Nothing that is frozen is packed anew: what could be read stays so.
  const readable = (type: BlobType) => (type === 'data' && store.freezesData ? 'description' : type);
  const filled = await fillPacks({ store, sealing, files, packBytes, failpoint, signal }, async (packs) => {
    for await (const blob of verifiedBlobs(repository, wantedPacks(repository, plan), { signal, onPack })) {
      if (isPlainTree(blob.source)) await packs.add('tree', await contentOf({ sealing, compressor }, blob));
      else await packs.addSealed(blob.source, blob.sealed, readable(blob.source.type));
    }
  });
  assertNoneWaits(plan);
  return filled;
}

/** The packs to be packed anew, each with the blobs that are copied from it. */
function* wantedPacks({ index }: Repository, plan: PrunePlan): Generator<IndexedPack> {
  for (const { id, blobs } of index.blobsByPack()) {
    if (plan.repack.has(id)) yield { id, blobs: blobs.filter((blob) => claim(plan, blob)) };
  }
}

/** Marks what lies in a pack that stays. */
function markSafe({ index }: Repository, plan: PrunePlan): void {
  plan.needed.setAll(waiting);
  for (const { type, id, pack } of index.blobs()) {
    if (plan.repack.has(pack) || plan.remove.has(pack) || plan.missing.has(pack)) continue;
    if (plan.needed.has(type, id)) plan.needed.set(type, id, safe);
  }
}

/** Whether this copy of a blob is the one to be copied. */
function claim({ needed }: PrunePlan, { type, id }: PackedBlob): boolean {
  if (needed.get(type, id) !== waiting) return false;
  needed.set(type, id, safe);
  return true;
}

function assertNoneWaits({ needed }: PrunePlan): void {
  for (const { type, id } of needed.withNumber(waiting)) {
    throw new Failure(
      'Internal',
      `The ${type} blob ${shortId(id)} was not packed anew. Nothing was removed.`,
    );
  }
}
