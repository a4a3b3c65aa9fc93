import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { checkRepository } from '../../../repository/check/check.ts';
import { type CopyResult, copySnapshots } from '../../../repository/copy.ts';
import type { Repository } from '../../../repository/repository.ts';
import { backUpFiles } from '../back-up.ts';
import { assertSameFiles, describeFiles } from '../describe-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, testPassword, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

async function copyAll(from: Repository, to: Repository): Promise<CopyResult> {
  const snapshots = await Array.fromAsync(from.snapshots());
  return await copySnapshots({ from, to, snapshots, signal: noSignal, packSizeBytes: 64 * 1024 });
}

async function twoRepositories(t: TestContext) {
  const [from, to] = [await testRepository(t), await testRepository(t)];
  const source = await temporaryFolder(t);
  for (let index = 0; index < 10; index += 1) writeFileSync(join(source, `${index}`), randomBytes(20_000));
  writeFileSync(join(source, 'text'), 'compressible '.repeat(5000));
  const { snapshot } = await backUpFiles(from.repository, { paths: [source] });
  return { from, to, source, snapshot };
}

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`a copy under another key is whole for us and restic ${version}, and is not made twice by either`, async (t) => {
    const { from, to, source, snapshot } = await twoRepositories(t);
    const first = await copyAll(await from.reopen(), await to.reopen());
    assert.deepEqual(
      first.copied.map((copy) => copy.source),
      [snapshot],
    );
    const again = await copyAll(await from.reopen(), await to.reopen());
    assert.deepEqual([again.copied, again.skipped, again.blobs], [[], [snapshot], 0]);
    const checked = await checkRepository(await to.reopen(), { readDataPercent: 100, signal: noSignal });
    assert.deepEqual([checked.damages, checked.snapshots], [[], 1]);
    assert.equal((await (await to.reopen()).findSnapshot('latest')).original, snapshot);

    const restic = await Restic.of(version, to.folder);
    await restic.run('check', '--read-data');
    const target = await temporaryFolder(t);
    await restic.run('restore', 'latest', '--target', target);
    assertSameFiles(describeFiles(`${target}${source}`), describeFiles(source));

    const password = join(await temporaryFolder(t), 'password');
    writeFileSync(password, testPassword.reveal());
    await restic.run('copy', '--from-repo', from.folder, '--from-password-file', password);
    assert.equal((await Array.fromAsync(to.repository.snapshots())).length, 1);
  });
}

test('a second snapshot costs what is new in it, and a source that lacks a blob is copied not at all', async (t) => {
  const { from, to, source } = await twoRepositories(t);
  await copyAll(await from.reopen(), await to.reopen());
  writeFileSync(join(source, 'one more'), randomBytes(5000));
  await backUpFiles(from.repository, { paths: [source] });
  const { copied, skipped, bytes } = await copyAll(await from.reopen(), await to.reopen());
  assert.deepEqual([copied.length, skipped.length], [1, 1]);
  assert.ok(bytes > 5000 && bytes < 20_000, 'one file and the folders above it');

  const other = await testRepository(t);
  const damaged = await from.reopen();
  for (const name of readdirSync(join(from.folder, 'data'))) {
    for (const pack of readdirSync(join(from.folder, 'data', name)).slice(0, 1)) {
      rmSync(join(from.folder, 'data', name, pack));
    }
  }
  await assert.rejects(copyAll(damaged, await other.reopen()), (error) =>
    isFailure(error, 'RepositoryDamaged'),
  );
  assert.deepEqual(await Array.fromAsync(other.repository.snapshots()), []);
});
