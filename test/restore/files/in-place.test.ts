import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import type { Repository } from '../../../repository/repository.ts';
import { type Cover, coverOf } from '../../../restore/files/cover.ts';
import { includedInPlace } from '../../../restore/files/in-place.ts';
import { backUpFiles } from '../../repository/back-up.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';
import { noSignal, testRepository } from '../../repository/test-repository.ts';

interface Place {
  readonly repository: Repository;
  readonly folder: string;
  write(name: string, content: string): Promise<void>;
  backUp(): Promise<string>;
  cover(tree: string, safety: string | undefined): Promise<Cover>;
}

async function place(t: TestContext): Promise<Place> {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  return {
    repository,
    folder,
    async write(name, content) {
      const file = path.join(folder, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    },
    async backUp() {
      return (await backUpFiles(repository, { paths: [folder] })).tree;
    },
    cover: (tree, safety) =>
      coverOf({
        restored: { reader: repository, tree },
        safety: safety === undefined ? undefined : { reader: repository, tree: safety },
        include: [folder],
        signal: noSignal,
        onProgress: () => {},
      }),
  };
}

test('what is there and in the safety backup is covered, and so is what is the same or gone', async (t) => {
  const { folder, write, backUp, cover } = await place(t);
  await write('a.txt', 'good');
  await write('in/b.txt', 'good');
  await write('gone.txt', 'good');
  const tree = await backUp();
  await rm(path.join(folder, 'gone.txt'));
  assert.equal((await cover(tree, undefined)).missing.count, 0, 'nothing would change');
  await write('a.txt', 'other content');
  await write('new.txt', 'beside');
  const { missing, changed } = await cover(tree, await backUp());
  assert.deepEqual([missing.count, changed.count], [0, 0]);
});

test('what came after the safety backup, or was left out of it, is missing in it', async (t) => {
  const { folder, write, backUp, cover } = await place(t);
  await write('a.txt', 'good');
  await write('in/b.txt', 'good');
  const tree = await backUp();
  await rm(path.join(folder, 'in'), { recursive: true });
  await write('a.txt', 'other content');
  const safety = await backUp();
  await write('in/b.txt', 'came back otherwise');
  assert.deepEqual((await cover(tree, safety)).missing.paths, [path.join(folder, 'in/b.txt')]);
  assert.equal((await cover(tree, undefined)).missing.count, 2, 'without a backup all of it is');
});

test('what is written to after the safety backup is told apart', async (t) => {
  const { folder, write, backUp, cover } = await place(t);
  await write('a.txt', 'good');
  const tree = await backUp();
  await write('a.txt', 'other content');
  const safety = await backUp();
  await write('a.txt', 'and another one');
  const { missing, changed } = await cover(tree, safety);
  assert.equal(missing.count, 0);
  assert.deepEqual(changed.paths, [path.join(folder, 'a.txt')]);
});

test('a snapshot of everything is restored as the root, and not as no path at all', async (t) => {
  const { repository, write, backUp } = await place(t);
  await write('a.txt', 'good');
  const tree = await backUp();
  const of = (include: readonly string[], paths: readonly string[], passesOverMissing = false) =>
    includedInPlace(repository, { include, passesOverMissing, tree, paths }, noSignal);
  assert.deepEqual(await of([], ['/']), ['/']);
  assert.deepEqual(await of(['/'], ['/'], true), ['/']);
  assert.deepEqual(await of(['/not/there'], ['/'], true), []);
  await assert.rejects(of([], ['relative/path']), (error) => isFailure(error, 'InvalidInput'));
});
