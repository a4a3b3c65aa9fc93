import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { findNode } from '../../../repository/tree/walk.ts';
import { type BackedUp, backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, testRepository } from '../test-repository.ts';

const places = ['a', 'b', 'b/c', 'b/c/d', 'e"\\', 'e"\\/f', 'ü', 'z'];

/** Something that may have happened to a place below a folder. What cannot be done there changes nothing. */
const arbitraryChange = fc.tuple(
  fc.constantFrom(...places),
  fc.constantFrom('write', 'folder', 'remove', 'link', 'hard link', 'mode', 'time', 'move'),
  fc.constantFrom(...places),
);

type Change = readonly [string, string, string];

function change(folder: string, [place, what, other]: Change): void {
  const [path, otherPath] = [`${folder}/${place}`, `${folder}/${other}`];
  const actions: Record<string, () => void> = {
    write: () => writeFileSync(path, `${place} ${other}`),
    folder: () => mkdirSync(path),
    remove: () => rmSync(path, { recursive: true }),
    link: () => symlinkSync(other, path),
    'hard link': () => linkSync(otherPath, path),
    mode: () => chmodSync(path, 0o700),
    time: () => utimesSync(path, 1, 1),
    move: () => {
      if (!existsSync(otherPath)) renameSync(path, otherPath);
    },
  };
  try {
    actions[what]?.();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

test('compared with any earlier snapshot, a folder gives the tree that it gives when all is read', async (t) => {
  const { repository } = await testRepository(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryChange, { maxLength: 20 }),
      fc.array(arbitraryChange, { maxLength: 4 }),
      async (before, after) => {
        const folder = await temporaryFolder(t);
        for (const item of before) change(folder, item);
        // Folders above it belong to others, who may change them meanwhile.
        const nodeAt = ({ tree }: BackedUp) => findNode(repository, tree, folder, noSignal);
        const first = await backUpFiles(repository, { paths: [folder] });
        const parentTree = first.tree;
        const unchanged = await backUpFiles(repository, { paths: [folder] }, { parentTree });
        assert.deepEqual(await nodeAt(unchanged), await nodeAt(first));
        assert.equal(unchanged.summary.filesNew + unchanged.summary.filesChanged, 0);
        assert.equal(unchanged.summary.dirsNew, 0);
        for (const item of after) change(folder, item);
        const compared = await backUpFiles(repository, { paths: [folder], localItems: 0 }, { parentTree });
        const read = await backUpFiles(repository, { paths: [folder] });
        assert.deepEqual(await nodeAt(compared), await nodeAt(read));
      },
    ),
    { numRuns: 12, seed: 16 },
  );
});
