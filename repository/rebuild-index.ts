import { isFailure } from '../contracts/failures.ts';
import type { Store } from '../stores/store.ts';
import { loadIndexes, packBytes } from './check/check-indexes.ts';
import { Damages } from './check/damages.ts';
import { Compressor } from './compression.ts';
import { BlobIndex, type IndexedPack } from './index/blob-index.ts';
import type { MarkedPack } from './index/index-file.ts';
import { type PackFile, readPackHeader } from './pack/pack-reader.ts';
import { marksOf, saveMarks } from './prune/marked-packs.ts';
import type { Repository } from './repository.ts';
import { SealedFiles } from './sealed-files.ts';
import { IndexWriter } from './writer/index-writer.ts';

export interface RebuildIndexOptions {
  readonly signal: AbortSignal;
  /** Reads the header of every pack. What the old index says counts only where a header cannot be read. */
  readonly readAllPacks?: boolean;
  readonly onProgress?: (progress: { readonly packsDone: number; readonly packsTotal: number }) => void;
}

export interface RebuildIndexResult {
  readonly packs: number;
  /** Packs that no index named, or not rightly. */
  readonly packsAdded: number;
  /** Packs that an index named and that are gone. */
  readonly packsDropped: number;
  /** One sentence for each pack whose header cannot be read, and for each index file that could not. */
  readonly damages: readonly string[];
}

/**
 * Writes the index anew from the packs that are there: what the old one says rightly is taken over, the
 * headers of other packs are read. The old index files are removed last, so that a kill at any point leaves a
 * complete index. Takes an exclusive lock.
 * @throws {Failure} RepositoryLocked; of the store
 */
export async function rebuildIndex(
  repository: Repository,
  options: RebuildIndexOptions,
): Promise<RebuildIndexResult> {
  const lock = await repository.lock({ exclusive: true, signal: options.signal });
  try {
    return await rebuildLocked(repository, options);
  } finally {
    await lock.release();
  }
}

async function rebuildLocked(
  repository: Repository,
  { signal, readAllPacks = false, onProgress }: RebuildIndexOptions,
): Promise<RebuildIndexResult> {
  const { store, sealing } = repository;
  const files = new SealedFiles({ store, sealing, compressor: new Compressor('default') });
  const damages = new Damages();
  const oldFiles = await Array.fromAsync(store.list('index', signal));
  const old = await loadIndexes({ store, files }, damages, signal);
  const known = readAllPacks ? new BlobIndex() : old;
  const missing = await packsByName(store, signal);
  const packsTotal = missing.size;
  const marks = readAllPacks ? [] : await keptMarks({ files, oldFiles, old, missing }, signal);
  const writer = new IndexWriter(files);
  let packs = 0;
  const add = async (pack: IndexedPack): Promise<void> => {
    writer.add(pack);
    packs += 1;
    onProgress?.({ packsDone: packs, packsTotal });
    if (writer.isFull) await writer.write(signal);
  };
  const packsDropped = await addKnown({ known, missing, add });
  const packsKept = packs;
  const unreadable = new Map<string, PackFile>();
  for (const pack of missing.values()) {
    signal.throwIfAborted();
    try {
      await add({ id: pack.id, blobs: await readPackHeader({ store, sealing }, pack, signal) });
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      damages.add(error.message);
      unreadable.set(pack.id, pack);
    }
  }
  if (readAllPacks) await addKnown({ known: old, missing: unreadable, add });
  await writer.write(signal);
  await saveMarks(files, marks, signal);
  await removeOld(store, oldFiles, signal);
  await repository.loadIndex(signal);
  return { packs, packsAdded: packs - packsKept, packsDropped, damages: damages.listed };
}

/** Marks of packs that are there and in no index; such packs are not looked for any more. */
async function keptMarks(
  { files, oldFiles, old, missing }: OldMarks,
  signal: AbortSignal,
): Promise<readonly MarkedPack[]> {
  const marks = new Map<string, MarkedPack>();
  for (const { name } of oldFiles) {
    const found = await marksOf(files, name, signal).catch((error: unknown) => {
      if (isFailure(error, 'RepositoryDamaged')) return [];
      throw error;
    });
    for (const mark of found) if (old.isMarked(mark.id) && missing.has(mark.id)) marks.set(mark.id, mark);
  }
  for (const id of marks.keys()) missing.delete(id);
  return [...marks.values()];
}

interface OldMarks {
  readonly files: SealedFiles;
  readonly oldFiles: readonly { readonly name: string }[];
  readonly old: BlobIndex;
  readonly missing: Map<string, PackFile>;
}

async function packsByName(store: Store, signal: AbortSignal): Promise<Map<string, PackFile>> {
  const packs = new Map<string, PackFile>();
  for await (const { name, sizeBytes } of store.list('data', signal))
    packs.set(name, { id: name, sizeBytes });
  return packs;
}

/** Takes over what the old index says of packs that have the size that it says; returns how many are gone. */
async function addKnown({
  known,
  missing,
  add,
}: {
  readonly known: BlobIndex;
  readonly missing: Map<string, PackFile>;
  readonly add: (pack: IndexedPack) => Promise<void>;
}): Promise<number> {
  let dropped = 0;
  for (const pack of known.blobsByPack()) {
    const found = missing.get(pack.id);
    if (!found) dropped += 1;
    if (found?.sizeBytes !== packBytes(pack)) continue;
    missing.delete(pack.id);
    await add(pack);
  }
  return dropped;
}

/** An index file that was written anew with the same bytes cannot be: each is sealed under a random nonce. */
async function removeOld(
  store: Store,
  files: readonly { readonly name: string }[],
  signal: AbortSignal,
): Promise<void> {
  for (const { name } of files) await store.remove({ type: 'index', name }, signal);
}
