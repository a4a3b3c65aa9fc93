import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ncduExport } from '../../../cli/output/ncdu.ts';
import { isFailure } from '../../../contracts/failures.ts';
import { checkRepository } from '../../../repository/check/check.ts';
import { TreeDiff } from '../../../repository/diff.ts';
import type { Repository } from '../../../repository/repository.ts';
import { previewRestore } from '../../../repository/restore/preview.ts';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { type TreeChange, TreeRewriter } from '../../../repository/rewrite/rewrite-tree.ts';
import type { Snapshot } from '../../../repository/snapshot.ts';
import { rawData, restoreSize } from '../../../repository/stats.ts';
import { walkTree } from '../../../repository/tree/walk.ts';
import { doubledTrees, folderNode, HostileWriter, treeOf } from '../../../soak/hostile/writer.ts';
import { noSignal, testRepository } from '../test-repository.ts';

interface Planted {
  readonly repository: Repository;
  readonly snapshot: Snapshot;
  readonly target: string;
}

/** A snapshot of 33 trees that stand for 2^32 folders. */
async function plant(t: TestContext): Promise<Planted> {
  const { repository, folder } = await testRepository(t);
  const writer = new HostileWriter(repository, folder);
  const ids = await writer.blobs('tree', doubledTrees(32));
  await writer.snapshot(ids.at(-1));
  await repository.loadIndex();
  const target = await mkdtemp(join(tmpdir(), 'resguardo-repeat-'));
  t.after(() => rm(target, { recursive: true }));
  return { repository, snapshot: await repository.findSnapshot('latest'), target };
}

const restored = ({ repository: reader, snapshot: { tree }, target }: Planted) => ({
  ...{ reader, tree, target, signal: noSignal },
});

/** What goes through folders as they lie in the snapshot. */
const walks: Readonly<Record<string, (planted: Planted) => Promise<unknown>>> = {
  'a restore': (planted) => restoreTree(restored(planted)),
  'the preview of one': (planted) => previewRestore(restored(planted)),
  'a listing': ({ repository, snapshot }) => Array.fromAsync(walkTree(repository, snapshot.tree)),
  'an export for ncdu': ({ repository, snapshot }) =>
    Array.fromAsync(ncduExport(repository, snapshot, noSignal)),
  'the size of a restore': ({ repository, snapshot }) => restoreSize(repository, [snapshot], noSignal),
  'a change of all that is in it': async ({ repository, snapshot }) => {
    const writer = await repository.openWriter();
    const change: TreeChange = {
      node: (node) => ({ ...node, mode: 0 }),
      keepsFolder: () => true,
      unreadable: (error) => {
        throw error;
      },
    };
    const rewriter = new TreeRewriter({ reader: repository, writer, change, signal: noSignal });
    try {
      await rewriter.rewrite(snapshot.tree);
    } finally {
      await writer.abort();
    }
  },
  'a comparison with an empty folder': async ({ repository, snapshot: { tree }, target }) => {
    const [before = ''] = await new HostileWriter(repository, target).blobs('tree', [treeOf([])]);
    await repository.loadIndex();
    const diff = new TreeDiff({ reader: repository, before, after: tree, signal: noSignal });
    for await (const _change of diff.changes());
  },
};

for (const [name, walk] of Object.entries(walks)) {
  test(`${name} of a few kilobytes that stand for four billion folders ends with a failure`, async (t) => {
    const planted = await plant(t);
    await assert.rejects(walk(planted), (error) => {
      assert.ok(isFailure(error, 'RepositoryDamaged'), String(error));
      return true;
    });
  });
}

test('what looks at each folder once is done with such a snapshot at once', async (t) => {
  const { repository, snapshot } = await plant(t);
  const { damages } = await checkRepository(repository, { readDataPercent: 100, signal: noSignal });
  assert.deepEqual(damages, []);
  assert.equal((await rawData(repository, [snapshot], noSignal)).blobs, 33);
});

test('a folder of very many empty folders, which are one tree, is walked to its end', async (t) => {
  const { repository, folder } = await testRepository(t);
  const writer = new HostileWriter(repository, folder);
  const empty = await writer.tree([]);
  const names = Array.from({ length: 30_000 }, (_, number) => `${100_000 + number}`);
  const root = await writer.tree(names.map((name) => folderNode(name, empty)));
  await repository.loadIndex();
  let walked = 0;
  for await (const _node of walkTree(repository, root)) walked += 1;
  assert.equal(walked, names.length);
});
