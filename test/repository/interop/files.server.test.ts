import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { findNode } from '../../../repository/tree/walk.ts';
import { backUpFiles } from '../back-up.ts';
import { assertSameFiles, describeFiles } from '../describe-files.ts';
import { makeNastyTree } from '../nasty-tree.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

const signal = noSignal;

async function nastyTree(t: TestContext): Promise<string> {
  const folder = `${await temporaryFolder(t)}/source`;
  await mkdir(folder);
  makeNastyTree(folder);
  return folder;
}

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`restic ${version} checks what we store and restores it identically`, async (t) => {
    const source = await nastyTree(t);
    const { repository, folder } = await testRepository(t);
    const { warnings } = await backUpFiles(repository, { paths: [source] });
    assert.deepEqual(warnings, []);
    const restic = await Restic.of(version, folder);
    await restic.run('check', '--read-data');
    const target = await temporaryFolder(t);
    await restic.run('restore', 'latest', '--target', target);
    // restic counts nanoseconds in 64 bits, which end in the year 2262.
    const restored = beforeYear2262(describeFiles(target + source));
    assertSameFiles(restored, expected(beforeYear2262(describeFiles(source)), version));
  });

  test(`what restic ${version} stores is restored identically by us`, async (t) => {
    const source = await nastyTree(t);
    const { folder, reopen } = await testRepository(t);
    const restic = await Restic.of(version, folder);
    await restic.backUp(source);
    const repository = await reopen();
    const { tree } = await repository.findSnapshot('latest');
    const target = await temporaryFolder(t);
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown) => warnings.push(warning);
    await restoreTree({ reader: repository, tree, target, signal, onWarning });
    assert.deepEqual(warnings, []);
    assertSameFiles(describeFiles(target + source), expected(describeFiles(source), version));
  });

  test(`restic ${version} finds all our data in the repository, and we find all of its`, async (t) => {
    const source = await nastyTree(t);
    const ours = await testRepository(t);
    const first = await backUpFiles(ours.repository, { paths: [source] });
    assert.equal((await (await Restic.of(version, ours.folder)).backUp(source, '--force')).dataBlobs, 0);
    const theirs = await testRepository(t);
    await (await Restic.of(version, theirs.folder)).backUp(source);
    const second = await backUpFiles(await theirs.reopen(), { paths: [source] });
    assert.equal(second.summary.dataBlobs, 0);
    assert.equal(second.summary.totalFilesProcessed, first.summary.totalFilesProcessed);
  });

  test(`files are unchanged for restic ${version} after our backup, and for us after its`, async (t) => {
    const source = await nastyTree(t);
    const { repository, folder, reopen } = await testRepository(t);
    const { snapshot, summary } = await backUpFiles(repository, { paths: [source] });
    const restic = await Restic.of(version, folder);
    const theirs = await restic.backUp(source, '--parent', snapshot);
    assert.equal(theirs.filesUnmodified, summary.totalFilesProcessed);
    const again = await reopen();
    const { tree: parentTree } = await again.findSnapshot(theirs.snapshot);
    const second = await backUpFiles(again, { paths: [source] }, { parentTree });
    assert.equal(second.summary.filesUnmodified, summary.totalFilesProcessed);
  });
}

for (const zone of ['UTC', 'America/St_Johns', 'Asia/Kathmandu']) {
  test(`our trees are those of restic 0.19.1, byte for byte, in the zone ${zone}`, async (t) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    t.after(() => {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    });
    const source = await nastyTree(t);
    const { repository, folder, reopen } = await testRepository(t);
    const { tree: ours } = await backUpFiles(repository, { paths: [source] });
    const { snapshot } = await (await Restic.of('0.19.1', folder)).backUp(source, '--force');
    const again = await reopen();
    const { tree: theirs } = await again.findSnapshot(snapshot);
    // Folders above belong to everybody and change at any time.
    const ourNode = await findNode(again, ours, source, signal);
    assert.deepEqual(ourNode, await findNode(again, theirs, source, signal));
    assert.match(ourNode?.subtree ?? '', /^[0-9a-f]{64}$/);
  });
}

type Files = ReturnType<typeof describeFiles>;

function beforeYear2262(files: Files): Files {
  return new Map([...files].filter(([name]) => !name.endsWith('far future')));
}

/** restic 0.14.0 knows link targets as text alone. */
function expected(
  files: ReturnType<typeof describeFiles>,
  version: string,
): ReturnType<typeof describeFiles> {
  if (version !== '0.14.0') return files;
  const target = '/links/bytes';
  const description = files.get(target);
  assert.ok(description);
  return new Map([...files, [target, { ...description, target: 'efbfbd2f3cefbfbd' }]]);
}
