import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRepository } from '../../../repository/check/check.ts';
import type { Repository } from '../../../repository/repository.ts';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { backUpFiles } from '../back-up.ts';
import { assertSameFiles, describeFiles } from '../describe-files.ts';
import { type TestScope, temporaryFolder } from '../temporary-folder.ts';
import { noSignal, type TestRepository, testRepository } from '../test-repository.ts';

export interface AgedRepository extends TestRepository {
  /** Folder by the id of its snapshot. The snapshots of the first and the third folder are forgotten. */
  readonly kept: ReadonlyMap<string, string>;
}

/**
 * Four folders that share half of their files with the next, in many small packs. Two of the snapshots are gone,
 * so that packs are used, partly used and unused; one pack is in no index, and one blob is stored twice.
 */
export async function agedRepository(t: TestScope): Promise<AgedRepository> {
  const made = await testRepository(t, { packSizeBytes: 64 * 1024 });
  const sources = await temporaryFolder(t);
  const files = Array.from({ length: 30 }, () => randomBytes(15_000));
  const kept = new Map<string, string>();
  const shared = randomBytes(20_000);
  for (let version = 0; version < 4; version += 1) {
    const folder = join(sources, String(version));
    mkdirSync(join(folder, 'below', `only ${version}`), { recursive: true });
    for (const [index, content] of files.slice(version * 6, version * 6 + 12).entries()) {
      writeFileSync(join(folder, index % 2 === 0 ? '.' : 'below', `file ${index}`), content);
    }
    // Two attempts that did not know of each other have stored it.
    const repository = version === 3 ? await storeTwice(made, shared) : made.repository;
    if (version > 1) writeFileSync(join(folder, 'shared'), shared);
    const { snapshot } = await backUpFiles(repository, { paths: [folder] });
    if (version % 2 === 1) kept.set(snapshot, folder);
    else await made.store.remove({ type: 'snapshot', name: snapshot });
  }
  await leaveUnindexedPack(made);
  return { ...made, kept };
}

/** Asserts that nothing is damaged, and that each snapshot restores to the folder it was made of. */
export async function assertSnapshotsWhole(
  t: TestScope,
  { reopen, kept }: Pick<AgedRepository, 'reopen' | 'kept'>,
): Promise<readonly string[]> {
  const repository = await reopen();
  const { damages, notes, snapshots } = await checkRepository(repository, {
    readDataPercent: 100,
    signal: noSignal,
  });
  assert.deepEqual(damages, []);
  assert.equal(snapshots, kept.size);
  for (const [snapshot, folder] of kept) {
    const target = join(await temporaryFolder(t), 'restored');
    const { tree } = await repository.findSnapshot(snapshot);
    await restoreTree({ reader: repository, tree, target, signal: noSignal });
    assertSameFiles(describeFiles(join(target, folder)), describeFiles(folder));
  }
  return notes;
}

/** Opens two writers before either has written an index, so that neither finds the blob. */
async function storeTwice({ reopen }: TestRepository, content: Buffer): Promise<Repository> {
  const repositories = [await reopen(), await reopen()];
  const writers = await Promise.all(repositories.map((repository) => repository.openWriter()));
  for (const writer of writers) {
    await writer.saveBlob('data', content);
    await writer.saveBlob('data', randomBytes(3000));
  }
  for (const writer of writers) await writer.finish();
  return await reopen();
}

async function leaveUnindexedPack({ reopen, store }: TestRepository): Promise<void> {
  const repository = await reopen();
  const before = new Set((await Array.fromAsync(store.list('index'))).map(({ name }) => name));
  const writer = await repository.openWriter();
  await writer.saveBlob('data', randomBytes(5000));
  await writer.finish();
  for await (const { name } of store.list('index')) {
    if (!before.has(name)) await store.remove({ type: 'index', name });
  }
}
