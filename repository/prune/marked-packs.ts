import { isFailure } from '../../contracts/failures.ts';
import { loadBlob } from '../blob-loader.ts';
import { BlobNumbers } from '../blob-numbers.ts';
import type { BlobReader } from '../blobs.ts';
import { Compressor } from '../compression.ts';
import { BlobIndex, type IndexedPack } from '../index/blob-index.ts';
import { decodeMarks, encodeMarks, fullIndexBlobs, type MarkedPack } from '../index/index-file.ts';
import { readPackHeader } from '../pack/pack-reader.ts';
import { PackSegments } from '../pack/pack-segments.ts';
import type { Repository } from '../repository.ts';
import { SealedFiles } from '../sealed-files.ts';
import type { NewSnapshot } from '../snapshot.ts';
import { IndexWriter } from '../writer/index-writer.ts';
import { addUsedBlobs } from './used-blobs.ts';

type Files = Pick<SealedFiles, 'load'>;

/**
 * The packs that prunes have marked to be removed and that are still there. They are in no index, so nobody counts
 * on them; until they are removed, what turns out to be needed can be taken back.
 */
export class MarkedPacks {
  readonly packs: ReadonlyMap<string, MarkedPack>;
  readonly #repository: Repository;
  readonly #index = new BlobIndex();
  readonly #segments: PackSegments;

  private constructor(repository: Repository, packs: ReadonlyMap<string, MarkedPack>) {
    this.packs = packs;
    this.#repository = repository;
    this.#segments = new PackSegments(repository.store);
    for (const pack of packs.values()) this.#index.addPack(pack);
  }

  /** Reads the marks of all index files; the index of the repository is loaded. */
  static async load(repository: Repository, signal?: AbortSignal): Promise<MarkedPacks> {
    const packs = new Map<string, MarkedPack>();
    if (!repository.index.hasMarks) return new MarkedPacks(repository, packs);
    const { store, sealing } = repository;
    const files = new SealedFiles({ store, sealing, compressor: new Compressor('default') });
    for await (const { name } of store.list('index', signal)) {
      for (const pack of await marksOf(files, name, signal)) {
        const known = packs.get(pack.id);
        // The longest time to think counts.
        if (known && known.markedMs >= pack.markedMs) continue;
        const present = repository.index.isMarked(pack.id) && (await presentPack(repository, pack, signal));
        if (present) packs.set(pack.id, present);
      }
    }
    return new MarkedPacks(repository, packs);
  }

  /** Reads blobs of the index, and of marked packs where it lacks them. */
  get reader(): BlobReader {
    const { index: live, store, sealing, opener } = this.#repository;
    const [marked, segments] = [this.#index, this.#segments];
    return {
      hasBlob: (type, id) => live.hasBlob(type, id) || marked.hasBlob(type, id),
      blobSize: (type, id) => live.blobSize(type, id) ?? marked.blobSize(type, id),
      loadBlob: (type, id, signal) => {
        const index = live.hasBlob(type, id) ? live : marked;
        return loadBlob({ store, sealing, opener, index, segments }, { type, id }, signal);
      },
    };
  }

  /** The marked packs that hold what is needed and in no pack of the index. */
  neededOf(needed: BlobNumbers): ReadonlySet<string> {
    const packs = new Set<string>();
    for (const { type, id, pack } of this.#index.blobs()) {
      if (needed.has(type, id) && !this.#repository.index.hasBlob(type, id)) packs.add(pack);
    }
    return packs;
  }
}

/** Marks of one index file; none of one that has gone. */
export async function marksOf(
  files: Files,
  name: string,
  signal: AbortSignal | undefined,
): Promise<readonly MarkedPack[]> {
  const json = await files.load('index', name, signal);
  return json ? decodeMarks(json) : [];
}

/** Writes index files of marked packs. */
export async function saveMarks(
  files: SealedFiles,
  packs: readonly MarkedPack[],
  signal: AbortSignal,
): Promise<void> {
  let batch: MarkedPack[] = [];
  let blobs = 0;
  for (const [position, pack] of packs.entries()) {
    batch.push(pack);
    blobs += pack.blobs.length;
    if (blobs < fullIndexBlobs && position < packs.length - 1) continue;
    await files.save('index', encodeMarks(batch), signal);
    [batch, blobs] = [[], 0];
  }
}

/** How much the clocks of two machines may differ: of the one that stores, and of the one that prunes. */
const clockSkewMs = 60 * 60 * 1000;

/**
 * Whether the tree of a new snapshot, with all that is below it, is in the repository. What prunes have marked since
 * its backup began is taken back.
 */
export async function findTree(
  repository: Repository,
  { tree, time, backupStart = time }: Pick<NewSnapshot, 'tree' | 'time' | 'backupStart'>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!repository.hasBlob('tree', tree)) await repository.loadIndex(signal);
  const isPruned = repository.index.newestMarkMs >= Date.parse(backupStart) - clockSkewMs;
  if (repository.hasBlob('tree', tree) && !isPruned) return true;
  return await rescueTree(repository, tree, signal);
}

/**
 * Takes a tree, and all that is below it, back from marked packs: a prune came between storing it and committing
 * its snapshot. The packs are indexed again. Their marks stay until the next prune, which sees that they are needed.
 * @returns whether all of the tree is in the index now
 */
async function rescueTree(
  repository: Repository,
  tree: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  const marked = await MarkedPacks.load(repository, signal);
  if (!marked.reader.hasBlob('tree', tree)) return false;
  const needed = new BlobNumbers();
  await addUsedBlobs(needed, { reader: marked.reader, tree }, signal);
  for (const { type, id } of needed.withNumber(0)) if (!marked.reader.hasBlob(type, id)) return false;
  await takeBack(
    repository,
    [...marked.neededOf(needed)].flatMap((id) => marked.packs.get(id) ?? []),
    signal,
  );
  return true;
}

/** Names marked packs in an index again. */
export async function takeBack(
  repository: Repository,
  packs: readonly IndexedPack[],
  signal: AbortSignal,
): Promise<void> {
  const { store, sealing } = repository;
  const writer = new IndexWriter(new SealedFiles({ store, sealing, compressor: new Compressor('default') }));
  for (const { id, blobs } of packs) writer.add({ id, blobs });
  await writer.write(signal);
  await repository.loadIndex(signal);
}

/** A marked pack that is in the store, with its blobs: those of a pack that no index named are in its header. */
async function presentPack(
  { store, sealing }: Repository,
  pack: MarkedPack,
  signal: AbortSignal | undefined,
): Promise<MarkedPack | undefined> {
  const sizeBytes = await store.size({ type: 'data', name: pack.id }, signal);
  if (sizeBytes === undefined) return undefined;
  if (pack.blobs.length > 0) return pack;
  try {
    return { ...pack, blobs: await readPackHeader({ store, sealing }, { id: pack.id, sizeBytes }, signal) };
  } catch (error) {
    // A pack that a crash has cut short holds nothing to be taken back.
    if (isFailure(error, 'RepositoryDamaged')) return pack;
    throw error;
  }
}
