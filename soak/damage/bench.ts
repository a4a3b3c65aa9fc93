import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobLocation } from '../../repository/index/blob-index.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testRepository } from '../../test/repository/test-repository.ts';
import { fileHashes } from '../engine.ts';
import type { RowRun } from '../row-run.ts';

/** A repository that faults are injected into, and what must come out of it. */
export interface DamageBench {
  /** Folder of the repository. */
  readonly folder: string;
  /** Snapshots, the older first, with the hashes of their files by restored path. */
  readonly snapshots: readonly { readonly id: string; readonly files: ReadonlyMap<string, string> }[];
  /** Folder that was backed up. */
  readonly source: string;
  /** Where each blob lies. */
  readonly blobs: readonly BlobLocation[];
  /** Restored paths of the files that have a blob in their content. */
  readonly usersOf: ReadonlyMap<string, ReadonlySet<string>>;
}

const smallPackBytes = 64 * 1024;

/** Two snapshots of a folder with text, random bytes, empty, equal and nested files, in several small packs. */
export async function damageBench(run: RowRun): Promise<DamageBench> {
  const { random } = run;
  const made = await testRepository(run, { packSizeBytes: smallPackBytes });
  const source = join(await temporaryFolder(run), 'source');
  await mkdir(join(source, 'below', 'deep'), { recursive: true });
  const shared = random.bytes(9000);
  const files: readonly (readonly [string, Buffer])[] = [
    ['text', Buffer.alloc(40_000, 'text that compresses ')],
    ['random', random.bytes(70_000)],
    ['empty', Buffer.alloc(0)],
    ['below/one byte', Buffer.of(7)],
    ['below/shared', shared],
    ['below/deep/shared too', shared],
    ['below/deep/other', random.bytes(30_000)],
  ];
  for (const [name, content] of files) await writeFile(join(source, name), content);
  const older = await backUpFiles(made.repository, { paths: [source] });
  const olderFiles = prefixed(source, await fileHashes(source));
  await writeFile(join(source, 'random'), random.bytes(50_000));
  await writeFile(join(source, 'added'), random.bytes(5000));
  const newer = await backUpFiles(await made.reopen(), { paths: [source] });
  const newerFiles = prefixed(source, await fileHashes(source));
  const repository = await made.reopen();
  const usersOf = new Map<string, Set<string>>();
  for (const { tree } of [older, newer]) await addUsers(usersOf, { reader: repository, tree, path: '' });
  return {
    folder: made.folder,
    source,
    snapshots: [
      { id: older.snapshot, files: olderFiles },
      { id: newer.snapshot, files: newerFiles },
    ],
    blobs: [...repository.index.blobs()],
    usersOf,
  };
}

function prefixed(source: string, files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...files].map(([path, hash]) => [source + path, hash]));
}

/** Adds the files below a tree to the users of each of their blobs, and of the trees on the way. */
async function addUsers(
  usersOf: Map<string, Set<string>>,
  place: { readonly reader: Parameters<typeof loadTree>[0]; readonly tree: string; readonly path: string },
): Promise<readonly string[]> {
  const { reader, tree, path } = place;
  const below: string[] = [];
  for (const node of await loadTree(reader, tree)) {
    const name = `${path}/${node.name.toString()}`;
    const files = node.subtree ? await addUsers(usersOf, { reader, tree: node.subtree, path: name }) : [name];
    below.push(...files);
    for (const id of node.content ?? []) addAll(usersOf, id, files);
  }
  addAll(usersOf, tree, below);
  return below;
}

function addAll(usersOf: Map<string, Set<string>>, id: string, files: readonly string[]): void {
  const users = usersOf.get(id) ?? new Set();
  for (const file of files) users.add(file);
  usersOf.set(id, users);
}
