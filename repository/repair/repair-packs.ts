import { isFailure } from '../../contracts/failures.ts';
import { Compressor } from '../compression.ts';
import type { BlobLocation } from '../index/blob-index.ts';
import type { PackedBlob } from '../pack/header.ts';
import type { NewBlob } from '../pack/pack-builder.ts';
import { readPackHeader } from '../pack/pack-reader.ts';
import { MarkedPacks } from '../prune/marked-packs.ts';
import { rewriteIndex } from '../prune/rewrite-index.ts';
import { removeFiles } from '../remove-files.ts';
import { contentOf, verifiedBlob } from '../repack/copy-blobs.ts';
import { fillPacks } from '../repack/pack-filler.ts';
import type { Repository } from '../repository.ts';
import { SealedFiles } from '../sealed-files.ts';

export interface RepairPacksOptions {
  readonly signal: AbortSignal;
  readonly packSizeBytes?: number;
  /** Called for each blob that is lost, unless it lies in another pack too. */
  readonly onLost: (blob: PackedBlob & { readonly pack: string }) => void;
  readonly onPack?: () => void;
}

export interface RepairPacksResult {
  readonly blobsSaved: number;
  readonly blobsLost: number;
}

const defaultPackBytes = 16 * 1024 * 1024;

/**
 * Saves from damaged packs what can be read of them: each whole blob goes into a new pack, which is indexed; then
 * the damaged ones go from the index and, last, from the store. The caller holds an exclusive lock and has kept
 * copies of the packs.
 */
export async function repairPacks(
  repository: Repository,
  packs: ReadonlySet<string>,
  options: RepairPacksOptions,
): Promise<RepairPacksResult> {
  const { signal, packSizeBytes = defaultPackBytes } = options;
  const { store, sealing } = repository;
  const compressor = new Compressor('default');
  const files = new SealedFiles({ store, sealing, compressor });
  let [blobsSaved, blobsLost] = [0, 0];
  const filling = { store, sealing, files, packBytes: packSizeBytes, failpoint: undefined, signal };
  await fillPacks(filling, async (filler) => {
    for (const pack of packs) {
      for (const blob of await blobsOf(repository, pack, signal)) {
        signal.throwIfAborted();
        const saved = await copyOf(repository, compressor, { ...blob, pack }, signal);
        if (saved) {
          await filler.add(blob.type, saved);
          blobsSaved += 1;
        } else if (repository.index.locate(blob.type, blob.id).every((place) => packs.has(place.pack))) {
          blobsLost += 1;
          options.onLost({ ...blob, pack });
        }
      }
      options.onPack?.();
    }
  });
  const { packs: marked } = await MarkedPacks.load(repository, signal);
  const marks = [...marked.values()].filter(({ id }) => !packs.has(id));
  const none = new Set<string>();
  const plan = { remove: packs, repack: none, missing: none, marks, isDelayed: false, nowMs: Date.now() };
  const { obsolete } = await rewriteIndex(repository, { plan, files, signal });
  await removeFiles(store, { type: 'index', names: obsolete, signal });
  await removeFiles(store, { type: 'data', names: [...packs], signal });
  await repository.loadIndex(signal);
  return { blobsSaved, blobsLost };
}

/** What the index says of a pack, else its own header. */
async function blobsOf(
  { index, store, sealing }: Repository,
  id: string,
  signal: AbortSignal,
): Promise<readonly PackedBlob[]> {
  for (const pack of index.blobsByPack()) if (pack.id === id) return pack.blobs;
  const sizeBytes = await store.size({ type: 'data', name: id }, signal);
  if (sizeBytes === undefined) return [];
  try {
    return await readPackHeader({ store, sealing }, { id, sizeBytes }, signal);
  } catch (error) {
    if (isFailure(error, 'RepositoryDamaged')) return [];
    throw error;
  }
}

/** Undefined when the blob cannot be read. */
async function copyOf(
  repository: Repository,
  compressor: Compressor,
  blob: BlobLocation,
  signal: AbortSignal,
): Promise<NewBlob | undefined> {
  try {
    const { sealing } = repository;
    return await contentOf({ sealing, compressor }, await verifiedBlob(repository, blob, signal));
  } catch (error) {
    if (isFailure(error, 'RepositoryDamaged')) return undefined;
    throw error;
  }
}
