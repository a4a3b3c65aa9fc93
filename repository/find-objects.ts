import type { BlobType } from './blobs.ts';
import type { Repository } from './repository.ts';
import type { Snapshot } from './snapshot.ts';
import { walkTree } from './tree/walk.ts';

/** What is looked for: first digits of ids. */
export interface WantedObjects {
  readonly blobs: readonly string[];
  readonly trees: readonly string[];
}

/** A place where an object is used. */
export interface FoundObject {
  readonly type: BlobType;
  readonly id: string;
  /** Path of the file or folder that it belongs to. */
  readonly path: Buffer;
  readonly snapshot: string;
  /** Packs that hold it. */
  readonly packs: readonly string[];
}

/**
 * Finds the files and folders of a snapshot that are made of given blobs.
 * @throws {Failure} RepositoryDamaged, PathEscape
 */
export async function* findObjects(
  repository: Repository,
  { id: snapshot, tree }: Snapshot,
  wanted: WantedObjects,
  signal: AbortSignal,
): AsyncGenerator<FoundObject> {
  const found = (type: BlobType, id: string, path: Buffer): FoundObject => {
    const packs = repository.index.locate(type, id).map(({ pack }) => pack);
    return { type, id, path, snapshot, packs };
  };
  if (isWanted(tree, wanted.trees)) yield found('tree', tree, Buffer.from('/'));
  for await (const { path, node } of walkTree(repository, tree, signal)) {
    if (node.subtree !== undefined && isWanted(node.subtree, wanted.trees))
      yield found('tree', node.subtree, path);
    for (const id of wanted.blobs.length === 0 ? [] : new Set(node.content ?? [])) {
      if (isWanted(id, wanted.blobs)) yield found('data', id, path);
    }
  }
}

/** All blobs of packs, as what is to be looked for. */
export function objectsOfPacks(repository: Repository, packs: readonly string[]): WantedObjects {
  const wanted = { blobs: [] as string[], trees: [] as string[] };
  for (const { type, id, pack } of repository.index.blobs()) {
    if (isWanted(pack, packs)) wanted[type === 'data' ? 'blobs' : 'trees'].push(id);
  }
  return wanted;
}

function isWanted(id: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => id.startsWith(prefix));
}
