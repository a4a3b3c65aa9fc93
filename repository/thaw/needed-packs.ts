import type { StoredFile } from '../../stores/store.ts';
import { BlobNumbers } from '../blob-numbers.ts';
import type { Repository } from '../repository.ts';
import { IncludedPaths } from '../restore/include.ts';
import { loadTree } from '../tree/load-tree.ts';

/** What of a snapshot is wanted. */
export interface WantedTree {
  readonly tree: string;
  /** Absolute paths in the snapshot, and what is below them; everything when empty. */
  readonly include: readonly (string | Buffer)[];
}

export interface Looking {
  readonly signal: AbortSignal;
  /** Called for each pack that is listed and each folder that is read: it goes on. */
  readonly onStep?: () => void;
}

export interface NeededPacks {
  /** Packs with the content of what is wanted. Of a blob that lies in several, one that can be read is chosen. */
  readonly packs: readonly StoredFile[];
  /** Bytes of the blobs in them that are wanted, sealed. */
  readonly blobBytes: number;
}

/**
 * Finds the packs that reading the content of a tree takes, and whether the store can give them. Trees are read, data
 * is not. Needs the index.
 * @throws {Failure} RepositoryDamaged, PathEscape; of the store
 */
export async function findNeededPacks(
  repository: Repository,
  { tree, include }: WantedTree,
  looking: Looking,
): Promise<NeededPacks> {
  const { store, index } = repository;
  const stored = new Map<string, StoredFile>();
  for await (const file of store.list('data', looking.signal)) {
    stored.set(file.name, file);
    looking.onStep?.();
  }
  const needed = new Map<string, StoredFile>();
  let blobBytes = 0;
  for await (const id of contentOf(repository, { tree, include }, looking)) {
    const places = index.locate('data', id);
    const place = places.find(({ pack }) => isReadable(stored.get(pack))) ?? places[0];
    if (place === undefined) continue;
    // What is missing is for `check` and the restore itself to tell.
    const file = stored.get(place.pack);
    if (file === undefined) continue;
    blobBytes += place.length;
    needed.set(place.pack, file);
  }
  return { packs: [...needed.values()], blobBytes };
}

export function isReadable(file: StoredFile | undefined): boolean {
  return file !== undefined && (file.reach ?? 'readable') === 'readable';
}

/** Ids of the data blobs of what is wanted, each once. */
async function* contentOf(
  repository: Repository,
  { tree, include }: WantedTree,
  { signal, onStep }: Looking,
): AsyncGenerator<string> {
  const seen = new BlobNumbers();
  const waiting = [{ tree, wanted: IncludedPaths.of(include) }];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    signal.throwIfAborted();
    onStep?.();
    const isWhole = folder.wanted.inclusion === 'wanted';
    // A folder that several snapshots or places share is the same tree.
    if (isWhole && !seen.add('tree', folder.tree)) continue;
    for (const { name, content = [], subtree } of await loadTree(repository, folder.tree, signal)) {
      const wanted = folder.wanted.below(name);
      if (wanted === undefined) continue;
      if (subtree !== undefined) waiting.push({ tree: subtree, wanted });
      if (wanted.inclusion !== 'wanted') continue;
      for (const id of content) if (seen.add('data', id)) yield id;
    }
  }
}
