import { hostname, userInfo } from 'node:os';
import { isFailure } from '../../contracts/failures.ts';
import { BlobNumbers } from '../blob-numbers.ts';
import { shortId } from '../ids.ts';
import type { Repository } from '../repository.ts';
import { encodeNode, encodeTree } from '../tree/encode.ts';
import { goFileMode } from '../tree/file-mode.ts';
import { loadTree } from '../tree/load-tree.ts';
import { localUtcOffset } from '../tree/time.ts';

/** restic's words for what it recovers. */
const recoveredPath = '/recover';
const recoveredTag = 'recovered';
/** S_IFDIR with rwxr-xr-x. */
const folderMode = 0o40755;

export interface RecoverOptions {
  readonly signal: AbortSignal;
  readonly programVersion: string;
  readonly onProgress?: (treesDone: number, treesTotal: number) => void;
  /** Told of each tree that cannot be read. */
  readonly onUnreadable: (tree: string, reason: string) => void;
}

export interface Recovered {
  /** Top folders that no snapshot and no other folder names. */
  readonly trees: readonly string[];
  /** Left out when there are none. */
  readonly snapshot?: string;
}

const [unseen, named] = [0, 1];

/**
 * Makes a snapshot of what snapshots that are gone have left: of every folder in the repository that neither a
 * snapshot nor another folder names. Each lies below the root under the first digits of its id.
 */
export async function recoverTrees(repository: Repository, options: RecoverOptions): Promise<Recovered> {
  const { signal } = options;
  await repository.loadIndex(signal);
  const trees = new BlobNumbers();
  for (const { type, id } of repository.index.blobs()) if (type === 'tree') trees.add('tree', id);
  await markNamed(repository, trees, options);
  for await (const { tree } of repository.snapshots(signal))
    if (trees.has('tree', tree)) trees.set('tree', tree, named);
  const roots = [...trees.withNumber(unseen)].map(({ id }) => id).toSorted();
  if (roots.length === 0) return { trees: roots };
  return { trees: roots, snapshot: await saveSnapshot(repository, roots, options) };
}

/** Marks what other trees name, and those that cannot be read. */
async function markNamed(repository: Repository, trees: BlobNumbers, options: RecoverOptions): Promise<void> {
  const { signal, onProgress, onUnreadable } = options;
  let done = 0;
  for (const { type, id } of repository.index.blobs()) {
    if (type !== 'tree') continue;
    signal.throwIfAborted();
    onProgress?.(done++, trees.size);
    try {
      for (const { subtree } of await loadTree(repository, id, signal)) {
        if (subtree !== undefined && trees.has('tree', subtree)) trees.set('tree', subtree, named);
      }
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged') && !isFailure(error, 'PathEscape')) throw error;
      onUnreadable(id, error.message);
      trees.set('tree', id, named);
    }
  }
}

async function saveSnapshot(
  repository: Repository,
  roots: readonly string[],
  { signal, programVersion }: RecoverOptions,
): Promise<string> {
  const now = new Date();
  const timeNs = BigInt(now.getTime()) * 1_000_000n;
  const { uid, gid, username } = userInfo();
  const folder = { type: 'dir', mode: goFileMode(folderMode), uid, gid, user: username } as const;
  const times = { mtimeNs: timeNs, atimeNs: timeNs, ctimeNs: timeNs };
  const nodes = roots.map((subtree) =>
    encodeNode({ ...folder, ...times, name: Buffer.from(nameOf(subtree, roots)), subtree }, localUtcOffset()),
  );
  const writer = await repository.openWriter({ signal });
  try {
    const { id: tree } = await writer.saveBlob('tree', encodeTree(nodes), signal);
    await writer.finish(signal);
    const paths = [recoveredPath];
    const who = { hostname: hostname(), username, uid, gid, tags: [recoveredTag], programVersion };
    return await repository.commitSnapshot({ time: now.toISOString(), tree, paths, ...who }, signal);
  } finally {
    await writer.abort();
  }
}

/** The first digits of an id, or all of them where another one begins alike. */
function nameOf(id: string, all: readonly string[]): string {
  const isUnique = all.filter((other) => shortId(other) === shortId(id)).length === 1;
  return isUnique ? shortId(id) : id;
}
