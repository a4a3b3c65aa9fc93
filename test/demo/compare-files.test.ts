import assert from 'node:assert/strict';
import {
  chmod,
  cp,
  link,
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compareFiles, type FileComparison } from '../../demo/compare-files.ts';
import { ensureFileTree } from '../../demo/file-tree.ts';

/** A small original, and a copy below a target that is equal to it until a test changes one of them. */
async function twoTrees(test: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-demo-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  const original = join(folder, 'original');
  const target = join(folder, 'target');
  const copy = join(target, original);
  await mkdir(join(original, 'below'), { recursive: true });
  await writeFile(join(original, 'file'), 'content', { mode: 0o640 });
  await link(join(original, 'file'), join(original, 'second name'));
  await symlink('file', join(original, 'link'));
  await writeFile(join(original, 'below', 'other'), 'other');
  await cp(original, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  await unlink(join(copy, 'second name'));
  await link(join(copy, 'file'), join(copy, 'second name'));
  await utimes(join(original, 'below'), 1_000_000_000, 1_000_000_000);
  await utimes(join(copy, 'below'), 1_000_000_000, 1_000_000_000);
  await utimes(original, 1_000_000_000, 1_000_000_000);
  await utimes(copy, 1_000_000_000, 1_000_000_000);
  for (const name of ['file', 'below/other']) {
    for (const tree of [original, copy]) await utimes(join(tree, name), 1_000_000_001, 1_000_000_001);
  }
  for (const tree of [original, copy]) await lutimes(join(tree, 'link'), 1_000_000_001, 1_000_000_001);
  const compare = (backupBeganAt = new Date(8.64e15)): Promise<FileComparison> =>
    compareFiles({ paths: [original], target, backupBeganAt });
  return { original, copy, compare };
}

test('equal trees are equal, and what they hold is counted', async (t) => {
  const { compare } = await twoTrees(t);
  const { files, folders, links, bytes, differences } = await compare();
  assert.deepEqual(differences, []);
  assert.deepEqual({ files, folders, links, bytes }, { files: 3, folders: 2, links: 1, bytes: 19 });
});

const changes: readonly (readonly [string, (copy: string) => Promise<unknown>, RegExp])[] = [
  ['a file that is missing', (copy) => unlink(join(copy, 'below', 'other')), /other is missing/],
  ['a file too many', (copy) => writeFile(join(copy, 'below', 'new'), ''), /new is not in the original/],
  ['a mode', (copy) => chmod(join(copy, 'file'), 0o600), /file: mode/],
  ['a time', (copy) => utimes(join(copy, 'file'), 5, 5), /file: mtimeNs/],
  [
    'content of the same size and time',
    async (copy) => {
      await writeFile(join(copy, 'file'), 'CONTENT');
      await utimes(join(copy, 'file'), 1_000_000_001, 1_000_000_001);
    },
    /file: the content differs/,
  ],
  [
    'the target of a link',
    async (copy) => {
      await unlink(join(copy, 'link'));
      await symlink('below', join(copy, 'link'));
    },
    /link: the link to file became one to below/,
  ],
  [
    'a hard link that became a file of its own',
    async (copy) => {
      await unlink(join(copy, 'second name'));
      await writeFile(join(copy, 'second name'), 'content', { mode: 0o640 });
    },
    /no longer one file/,
  ],
];

for (const [what, change, expected] of changes) {
  test(`the comparison finds ${what}`, async (t) => {
    const { copy, compare } = await twoTrees(t);
    await change(copy);
    assert.match((await compare()).differences.join('\n'), expected);
  });
}

test('what was changed after the backup began is told apart from what differs', async (t) => {
  const { original, copy, compare } = await twoTrees(t);
  await rm(copy, { recursive: true });
  const { differences, changedSince } = await compare(new Date(0));
  assert.deepEqual(differences, []);
  assert.deepEqual(changedSince, [original]);
});

test('the sample files are made once, and anew if that was interrupted', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-demo-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const tree = join(folder, 'files');
  assert.deepEqual(await ensureFileTree(tree), { isNew: true });
  assert.deepEqual(await ensureFileTree(tree), { isNew: false });
  const mark = (await readdir(tree)).find((name) => name.startsWith('.version'));
  await unlink(join(tree, mark ?? ''));
  assert.deepEqual(await ensureFileTree(tree), { isNew: true });
});
