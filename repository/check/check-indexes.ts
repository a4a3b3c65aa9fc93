import { isFailure } from '../../contracts/failures.ts';
import { isColdClass } from '../../contracts/storage-classes.ts';
import type { Store } from '../../stores/store.ts';
import { sealOverheadBytes } from '../crypto/sealing.ts';
import { shortId } from '../ids.ts';
import { BlobIndex, type IndexedPack } from '../index/blob-index.ts';
import { decodeIndex, decodeMarks } from '../index/index-file.ts';
import { headerBytes } from '../pack/header.ts';
import type { SealedFiles } from '../sealed-files.ts';
import { isReadable } from '../thaw/needed-packs.ts';
import type { Damages } from './damages.ts';

/** What the index files say, as far as they can be read. */
export async function loadIndexes(
  { store, files }: { readonly store: Store; readonly files: SealedFiles },
  damages: Damages,
  signal: AbortSignal,
): Promise<BlobIndex> {
  const index = new BlobIndex();
  for await (const { name } of store.list('index', signal)) {
    try {
      const json = await files.load('index', name, signal);
      // A file that has gone was replaced by another process.
      const packs = json ? decodeIndex(json) : [];
      if (packs) {
        for (const pack of packs) index.addPack(pack);
        for (const { id, markedMs } of json ? decodeMarks(json) : []) index.addMark(id, markedMs);
      } else damages.add(`The index file ${shortId(name)} is damaged: it is no index.`);
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      damages.add(error.message);
    }
  }
  return index;
}

/** `isCold`: it lies in a class that is to be thawed first, or dear to read. */
export interface SoundPack {
  readonly id: string;
  readonly sizeBytes: number;
  readonly isCold: boolean;
  readonly isReadable: boolean;
}

/** The packs of a repository compared with its index. */
export interface PackComparison {
  /** Packs that are there and have the size that the index says. */
  readonly sound: readonly SoundPack[];
  /** Packs that are missing or have another size. */
  readonly broken: ReadonlySet<string>;
  /** Packs that no index names: what an interrupted run leaves behind. */
  readonly unindexed: number;
  /** Packs that a prune has marked, and that a later one removes. */
  readonly marked: number;
}

export async function comparePacks(
  { store, index }: { readonly store: Store; readonly index: BlobIndex },
  damages: Damages,
  signal: AbortSignal,
): Promise<PackComparison> {
  const sizes = new Map<string, number>();
  const cold = new Map<string, boolean>();
  for await (const file of store.list('data', signal)) {
    sizes.set(file.name, file.sizeBytes);
    if (isColdClass(file.storageClass)) cold.set(file.name, isReadable(file));
  }
  const sound: SoundPack[] = [];
  const broken = new Set<string>();
  for (const pack of index.blobsByPack()) {
    const sizeBytes = sizes.get(pack.id);
    const problem = packProblem(pack, sizeBytes);
    if (problem === undefined && sizeBytes !== undefined) {
      const { id } = pack;
      sound.push({ id, sizeBytes, isCold: cold.has(id), isReadable: cold.get(id) ?? true });
    } else {
      broken.add(pack.id);
      damages.add(`The pack ${shortId(pack.id)} with ${pack.blobs.length} blobs ${problem}.`);
    }
    sizes.delete(pack.id);
  }
  const marked = [...sizes.keys()].filter((id) => index.isMarked(id)).length;
  return { sound, broken, unindexed: sizes.size - marked, marked };
}

function packProblem(pack: IndexedPack, sizeBytes: number | undefined): string | undefined {
  if (sizeBytes === undefined) return 'is missing';
  const expected = packBytes(pack);
  return sizeBytes === expected ? undefined : `has ${sizeBytes} bytes where the index says ${expected}`;
}

/** Size of a pack: blobs, sealed header, and four bytes for its length (restic's design document, "Pack Format"). */
export function packBytes({ blobs }: IndexedPack): number {
  const blobBytes = blobs.reduce((sum, { length }) => sum + length, 0);
  return blobBytes + headerBytes(blobs) + sealOverheadBytes + 4;
}
