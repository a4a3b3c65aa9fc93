import assert from 'node:assert/strict';
import { chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RestoreCheck } from '../../../contracts/jobs.ts';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { compareFiles } from '../../../restore/files/compare.ts';
import { backUpFiles } from '../../repository/back-up.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';
import { noSignal, testRepository } from '../../repository/test-repository.ts';

interface Restored {
  /** The restored folder. */
  readonly copy: string;
  compare(): Promise<readonly RestoreCheck[]>;
}

/** Backs a small folder up and restores it, or a part of it. */
async function restored(t: TestContext, parts: readonly string[] = []): Promise<Restored> {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  const original = path.join(folder, 'original');
  await mkdir(path.join(original, 'inner'), { recursive: true });
  await writeFile(path.join(original, 'a.txt'), 'content of a');
  await chmod(path.join(original, 'a.txt'), 0o644);
  await writeFile(path.join(original, 'empty'), '');
  await writeFile(path.join(original, 'inner', 'b.txt'), 'content of b');
  await symlink('a.txt', path.join(original, 'link'));
  const { tree } = await backUpFiles(repository, { paths: [original] });
  const target = path.join(folder, 'target');
  const include = parts.map((part) => path.join(original, part));
  const question = { reader: repository, tree, target, include, signal: noSignal, onProgress: () => {} };
  await restoreTree(question);
  return { copy: path.join(target, original), compare: () => compareFiles(question) };
}

function problemsOf(checks: readonly RestoreCheck[]): readonly string[] {
  return checks
    .slice(1)
    .map(({ subject, detail }) => `${path.basename(subject)} ${detail}`)
    .toSorted();
}

test('what was restored as it was passes, in one line', async (t) => {
  const { compare } = await restored(t);
  const [check, ...more] = await compare();
  assert.equal(check?.passed, true);
  assert.match(check?.detail ?? '', /3 files with 24 bytes: content, types, modes, times and links equal/);
  assert.deepEqual(more, []);
});

const write = (copy: string, name: string, content: string) => writeFile(path.join(copy, name), content);

const changes: readonly [what: string, change: (copy: string) => Promise<unknown>, found: string[]][] = [
  [
    'a byte that differs',
    (copy) => write(copy, 'a.txt', 'Content of a'),
    ['a.txt differs in the 12 bytes from 0', 'a.txt has another modification time'],
  ],
  [
    'a file that is shorter',
    (copy) => write(copy, 'a.txt', 'content'),
    ['a.txt has another modification time', 'a.txt is shorter than it was'],
  ],
  [
    'a file that is longer',
    (copy) => write(copy, 'empty', 'x'),
    ['empty has 1 bytes, not 0', 'empty has another modification time'],
  ],
  [
    'a missing file',
    (copy) => rm(path.join(copy, 'inner', 'b.txt')),
    ['b.txt is missing', 'inner has another modification time'],
  ],
  ['a changed mode', (copy) => chmod(path.join(copy, 'a.txt'), 0o600), ['a.txt has the mode 600, not 644']],
  [
    'a changed time',
    (copy) => utimes(path.join(copy, 'a.txt'), 1, 1),
    ['a.txt has another modification time'],
  ],
];

for (const [what, change, found] of changes) {
  test(`${what} is found and named`, async (t) => {
    const { copy, compare } = await restored(t);
    await change(copy);
    const checks = await compare();
    assert.equal(checks[0]?.passed, false);
    assert.deepEqual(problemsOf(checks), found);
  });
}

test('a file in the place of a link, and one that was never there, are found', async (t) => {
  const { copy, compare } = await restored(t);
  await rm(path.join(copy, 'link'));
  await writeFile(path.join(copy, 'link'), '');
  await writeFile(path.join(copy, 'stranger'), '');
  const problems = problemsOf(await compare());
  assert.ok(problems.includes('link is a file, not a symlink'));
  assert.ok(problems.includes('stranger was not in the snapshot'));
});

test('a link that points elsewhere is found', async (t) => {
  const { copy, compare } = await restored(t);
  await rm(path.join(copy, 'link'));
  await symlink('b.txt', path.join(copy, 'link'));
  assert.ok(problemsOf(await compare()).includes('link points elsewhere'));
});

test('of a part that was restored, that part is compared', async (t) => {
  const { compare } = await restored(t, ['inner']);
  const [check] = await compare();
  assert.equal(check?.passed, true);
  assert.match(check?.detail ?? '', /1 files with 12 bytes/);
});
