import { isFailure } from '../../contracts/failures.ts';
import type { Store } from '../../stores/store.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { BlobIndex, IndexedPack } from '../index/blob-index.ts';
import { type PackFile, packMatchesName, readPackHeader } from '../pack/pack-reader.ts';
import { isReadable } from '../thaw/needed-packs.ts';

export interface AdoptionParts {
  readonly store: Store;
  readonly sealing: Sealing;
  readonly index: BlobIndex;
}

/**
 * Finds the packs that no index names, as a killed run leaves them, and verifies each: its bytes against its
 * name, its header by its authentication code. A pack that fails is passed over: nothing refers to it, and
 * `check` names it.
 */
export async function findUnindexedPacks(
  parts: AdoptionParts,
  signal?: AbortSignal,
): Promise<readonly IndexedPack[]> {
  const unindexed: PackFile[] = [];
  for await (const file of parts.store.list('data', signal)) {
    const { name, sizeBytes } = file;
    // One that lies in an archive class cannot be verified: it is sent again, and pruned some day.
    if (!isReadable(file)) continue;
    // What a prune has marked is not needed, and would be kept for ever.
    if (!parts.index.hasPack(name) && !parts.index.isMarked(name)) unindexed.push({ id: name, sizeBytes });
  }
  const found: IndexedPack[] = [];
  for (const pack of unindexed) {
    const verified = await verifiedPack(parts, pack, signal);
    if (verified) found.push(verified);
  }
  return found;
}

async function verifiedPack(parts: AdoptionParts, pack: PackFile, signal?: AbortSignal) {
  try {
    if (!(await packMatchesName(parts.store, pack, signal))) return undefined;
    return { id: pack.id, blobs: await readPackHeader(parts, pack, signal) };
  } catch (error) {
    if (isFailure(error, 'RepositoryDamaged')) return undefined;
    throw error;
  }
}
