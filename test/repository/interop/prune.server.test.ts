import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { planPrune } from '../../../repository/prune/plan.ts';
import { assertSameFiles, describeFiles } from '../describe-files.ts';
import { type AgedRepository, agedRepository, assertSnapshotsWhole } from '../prune/aged-repository.ts';
import { pruneAll } from '../prune/prune-all.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal } from '../test-repository.ts';
import { Restic } from './restic.ts';

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`restic ${version} finds nothing wrong after our prune, nothing left to prune, and restores all`, async (t) => {
    const aged = await agedRepository(t);
    await pruneAll(await aged.reopen());
    const restic = await Restic.of(version, aged.folder);
    await restic.run('check', '--read-data');
    await assertRestored(t, restic, aged);
    const said = await restic.run('prune', '--dry-run', '--verbose', '--max-unused', '0');
    assert.match(said, /^unused: +0 blobs/m);
    assert.doesNotMatch(said, /^duplicates:|unreferenced/m);
  });

  test(`a prune of ours and one of restic ${version} finish each other's work`, async (t) => {
    const aged = await agedRepository(t);
    const restic = await Restic.of(version, aged.folder);
    await pruneAll(await aged.reopen(), { maxUnusedBytes: (used) => used / 3 });
    await restic.run('check', '--read-data');
    await restic.run('prune', '--max-unused', '0');
    await assertSnapshotsWhole(t, aged);
    await pruneAll(await aged.reopen());
    await restic.run('check', '--read-data');
    await assertRestored(t, restic, aged);
  });
}

test('our plan has the numbers of restic 0.19.1', async (t) => {
  const aged = await agedRepository(t);
  const restic = await Restic.of('0.19.1', aged.folder);
  for (const [maxUnused, maxUnusedBytes] of [
    ['0', () => 0],
    ['20%', (used: number) => Math.floor((20 / 80) * used)],
    ['unlimited', () => Number.POSITIVE_INFINITY],
  ] as const) {
    const said = await restic.run('prune', '--dry-run', '--verbose', '--max-unused', maxUnused);
    const count = (label: string): number =>
      Number(new RegExp(`^${label}: +(\\d+)`, 'm').exec(said)?.[1] ?? 0);
    const maxRepackBytes = Number.POSITIVE_INFINITY;
    const repository = await aged.reopen();
    const { statistics } = await planPrune(repository, { maxUnusedBytes, maxRepackBytes, signal: noSignal });
    const { blobs, packs } = statistics;
    assert.deepEqual(
      { ...blobs, ...packs, keep: packs.keep, repack: [blobs.repack, packs.repack] },
      {
        used: count('totally used packs'),
        duplicate: count('duplicates'),
        unused: count('unused packs'),
        repack: [count('to repack'), Number(/^to repack: +(\d+) packs/m.exec(said)?.[1])],
        repackRemoved: count('this removes'),
        remove: Number(/^to delete: +(\d+) packs/m.exec(said)?.[1]),
        partlyUsed: count('partly used packs'),
        unindexed: Number(/^to delete: +(\d+) unreferenced/m.exec(said)?.[1]),
        keep: count('to keep'),
        missing: 0,
        delayed: 0,
        expired: 0,
      },
      maxUnused,
    );
    assert.deepEqual([blobs.used, blobs.unused], [count('used'), count('unused')]);
    assert.equal(blobs.remove, count('to delete'));
  }
});

async function assertRestored(t: TestContext, restic: Restic, { kept }: AgedRepository): Promise<void> {
  for (const [snapshot, folder] of kept) {
    const target = await temporaryFolder(t);
    await restic.run('restore', snapshot, '--target', target);
    assertSameFiles(describeFiles(`${target}${folder}`), describeFiles(folder));
  }
}
