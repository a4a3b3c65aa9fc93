import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { createFilesRestorer } from '../../../restore/files/restorer.ts';
import { backUpFiles } from '../../repository/back-up.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';
import { noSignal, testRepository } from '../../repository/test-repository.ts';

test('a target that is relative, a file, or not empty is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'file'), '');
  const { checkTarget } = createFilesRestorer();
  await assert.rejects(checkTarget('here', noSignal), (error) => isFailure(error, 'InvalidInput'));
  await assert.rejects(checkTarget(path.join(folder, 'file'), noSignal), (error) =>
    isFailure(error, 'TargetConflict'),
  );
  await assert.rejects(checkTarget(folder, noSignal), (error) => isFailure(error, 'TargetConflict'));
});

test('a target that is missing or empty is taken, in its normal form', async (t) => {
  const folder = await temporaryFolder(t);
  const { checkTarget } = createFilesRestorer();
  await mkdir(path.join(folder, 'empty'));
  assert.equal(await checkTarget(`${folder}/./empty/`, noSignal), path.join(folder, 'empty'));
  assert.equal(await checkTarget(path.join(folder, 'new', 'one'), noSignal), path.join(folder, 'new', 'one'));
});

test('a second attempt replaces what the first one has left half done', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  const original = path.join(folder, 'original');
  await mkdir(original);
  await writeFile(path.join(original, 'a.txt'), 'all of the content');
  const { tree } = await backUpFiles(repository, { paths: [original] });
  const target = path.join(folder, 'target');
  const copy = path.join(target, original);
  await mkdir(copy, { recursive: true });
  await writeFile(path.join(copy, 'a.txt'), 'half');

  const restorer = createFilesRestorer();
  const job = {
    reader: repository,
    tree,
    target,
    include: [],
    runId: 'run',
    signal: noSignal,
    onProgress: () => {},
    onWarning: () => {},
  };
  await assert.rejects(restorer.restore({ ...job, attempt: 1 }), (error) =>
    isFailure(error, 'TargetConflict'),
  );
  assert.deepEqual(await restorer.restore({ ...job, attempt: 2 }), { files: 1, bytes: 18 });
  assert.equal(await readFile(path.join(copy, 'a.txt'), 'utf8'), 'all of the content');
  const checks = await restorer.compare({ ...job, attempt: 1 });
  assert.ok(checks.every(({ passed }) => passed));
});
