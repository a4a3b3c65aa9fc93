import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { thawBeforeRestore } from '../../../cli/thaw.ts';
import { isFailure } from '../../../contracts/failures.ts';
import { checkRepository } from '../../../repository/check/check.ts';
import { copySnapshots } from '../../../repository/copy.ts';
import { planPrune } from '../../../repository/prune/plan.ts';
import { executePrune } from '../../../repository/prune/prune.ts';
import { Repository } from '../../../repository/repository.ts';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { findNeededPacks } from '../../../repository/thaw/needed-packs.ts';
import { thawPacks, unreadable } from '../../../repository/thaw/thaw-packs.ts';
import { findNode } from '../../../repository/tree/walk.ts';
import { openStore } from '../../../stores/open.ts';
import { coldPlace, coldS3 } from '../../stores/cold-s3.ts';
import { backUpFiles } from '../back-up.ts';
import { Restic } from '../interop/restic.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { cheapScrypt, noSignal, testPassword, testRepository } from '../test-repository.ts';

const dayMs = 86_400_000;

test('a copy in an archive is made and looked through without reading what is frozen', async (t) => {
  const { server, archive, copy } = await archived(t);
  await copy();
  await copy();
  const classes = new Map([...server.objects].map(([key, { storageClass }]) => [key, storageClass]));
  const cold = [...classes].filter(([, storageClass]) => storageClass === 'DEEP_ARCHIVE');
  assert.ok(cold.length > 0 && cold.every(([key]) => key.includes('/data/')));
  const refused = server.requests.filter(({ status }) => status === 403);
  assert.deepEqual(refused, [], 'nothing that is frozen was asked for');
  const check = await checkRepository(archive, { readDataPercent: 100, signal: noSignal });
  assert.deepEqual([check.damageCount, server.requests.filter(({ status }) => status === 403)], [0, []]);
  assert.match(check.notes.join(), new RegExp(`${cold.length} packs? lies? in an archive class`));
});

test('a restore from an archive takes the packs that it needs, and no others', async (t) => {
  const { server, archive, copy, folder } = await archived(t);
  const [snapshot] = await copy();
  assert.ok(snapshot);
  await archive.loadIndex();
  const { tree } = snapshot;
  const restore = async (include: readonly string[]) => {
    const target = join(await temporaryFolder(t), 'restored');
    const request = { reader: archive, tree, target, include, signal: noSignal };
    await restoreTree(request);
    return target;
  };
  const one = [join(folder, 'part-1')];
  await assert.rejects(restore(one), (error) => isFailure(error, 'ObjectArchived'));

  const all = await findNeededPacks(archive, { tree, include: [] }, { signal: noSignal });
  const some = await findNeededPacks(archive, { tree, include: one }, { signal: noSignal });
  assert.ok(some.packs.length > 0 && some.packs.length < all.packs.length);
  const wish = { speed: 'bulk', days: 2 } as const;
  const asked = await thawPacks(archive.store, unreadable(some.packs), { wish, signal: noSignal });
  assert.equal(asked.thawing.length, some.packs.length);
  server.thaw();
  const target = await restore(one);
  const name = join('part-1', 'data.bin');
  assert.deepEqual(await readFile(join(target, folder, name)), await readFile(join(folder, name)));
  await assert.rejects(restore([]), (error) => isFailure(error, 'ObjectArchived'));
});

test('a restore by hand asks, waits and goes on when all can be read', async (t) => {
  const { server, archive, copy } = await archived(t);
  const [snapshot] = await copy();
  assert.ok(snapshot);
  await archive.loadIndex();
  server.thawAfterLooks(2);
  const notes: string[] = [];
  await thawBeforeRestore(
    archive,
    { tree: snapshot.tree, include: [] },
    {
      options: { thaw: 'expedited', thawDays: 1 },
      signal: noSignal,
      note: (text) => notes.push(text),
      pauseMs: { firstMs: 1, longestMs: 2 },
    },
  );
  assert.match(notes[0] ?? '', /Frozen: \d+ packs[\s\S]*--thaw bulk/);
  assert.match(notes.at(-1) ?? '', /Waiting for \d+ of \d+ packs to thaw/);
  const { damageCount } = await checkRepository(archive, {
    readDataPercent: 100,
    readArchived: true,
    signal: noSignal,
  });
  assert.equal(damageCount, 0);
});

test('restic reads what lies in an archive, once it is thawed', async (t) => {
  const { server, copy } = await archived(t);
  await copy();
  process.env.AWS_ACCESS_KEY_ID = 'key';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  const restic = await Restic.of('0.19.1', `s3:${server.origin}/archive/some/prefix`);
  assert.match(await restic.run('snapshots', '--no-lock'), /1 snapshots/);
  assert.match(await restic.run('ls', '--no-lock', 'latest'), /part-1/);
  for (const object of server.objects.values()) if (object.reach === 'frozen') object.reach = 'readable';
  assert.match(await restic.run('check', '--no-lock', '--read-data'), /no errors were found/);
});

test('what a killed copy has left frozen is passed over, and sent again', async (t) => {
  let packs = 0;
  const { copy, server } = await archived(t);
  await assert.rejects(
    copy(async (name) => {
      if (name === 'after pack put' && ++packs === 2) throw new Error('killed');
    }),
    /killed/,
  );
  assert.equal((await copy()).length, 1);
  assert.deepEqual(
    server.requests.filter(({ status }) => status === 403),
    [],
  );
});

test('what a copy is told to keep readable stays so, also when it is packed anew', async (t) => {
  const { archive, copy, server, contentOf } = await archived(t);
  const [snapshot] = await copy(undefined, ['part-1', 'part-2']);
  assert.ok(snapshot);
  /** Packs of a part, and whether they can be read. */
  const packsOf = async (part: string) => {
    const reader = await Repository.open(archive.store, testPassword);
    await reader.loadIndex();
    const ids = await contentOf(reader, snapshot.tree, [part]);
    const packs = ids.flatMap((id) => reader.index.locate('data', id).map(({ pack }) => pack));
    const found = [...server.objects].filter(([key]) => packs.some((pack) => key.endsWith(`/${pack}`)));
    const reach = new Set(found.map(([, object]) => object.reach ?? 'readable'));
    return { packs: new Set(packs), reach: [...reach] };
  };
  const [before, frozen] = [await packsOf('part-1'), await packsOf('part-3')];
  assert.deepEqual([before.reach, frozen.reach], [['readable'], ['frozen']]);
  const plan = await planPrune(archive, {
    maxUnusedBytes: () => 0,
    maxRepackBytes: Number.POSITIVE_INFINITY,
    repackBelowBytes: 16_000_000,
    signal: noSignal,
  });
  await executePrune(archive, plan, { signal: noSignal });
  const after = await packsOf('part-1');
  assert.ok(after.packs.isDisjointFrom(before.packs), 'it was packed anew');
  assert.deepEqual([after.reach, await packsOf('part-3')], [['readable'], frozen]);
});

test('a prune packs nothing frozen anew, and removes it when its least time is over', async (t) => {
  const { archive, copy, server } = await archived(t);
  const [snapshot] = await copy();
  assert.ok(snapshot);
  await archive.store.remove({ type: 'snapshot', name: snapshot.id });
  const prune = async (nowMs: number) => {
    const plan = await planPrune(archive, {
      maxUnusedBytes: () => 0,
      maxRepackBytes: Number.POSITIVE_INFINITY,
      leastStayMs: (storageClass) => (storageClass === 'DEEP_ARCHIVE' ? 180 * dayMs : 0),
      nowMs,
      signal: noSignal,
    });
    await executePrune(archive, plan, { signal: noSignal });
    return plan.statistics;
  };
  const frozen = () => [...server.objects.values()].filter(({ reach }) => reach === 'frozen').length;
  const before = frozen();
  const { held, packs } = await prune(Date.now());
  assert.equal(held.packs, before);
  assert.equal(packs.repack, 0);
  assert.ok((held.until?.getTime() ?? 0) > Date.now() + 179 * dayMs);
  assert.equal(frozen(), before);
  const later = await prune(Date.now() + 181 * dayMs);
  assert.equal(later.held.packs, 0);
  assert.equal(frozen(), 0);
});

/** A repository with files, and one whose data goes to DEEP_ARCHIVE. */
async function archived(t: TestContext) {
  const server = await coldS3(t);
  const { url, settings } = coldPlace(server, 'DEEP_ARCHIVE');
  const archive = await Repository.init(await openStore(url, settings), testPassword, {
    scryptCost: cheapScrypt,
  });
  t.after(() => archive.close());
  const folder = await temporaryFolder(t);
  for (const part of ['part-1', 'part-2', 'part-3']) {
    await mkdir(join(folder, part));
    await writeFile(join(folder, part, 'data.bin'), randomBytes(3_000_000));
  }
  const { repository } = await testRepository(t);
  await backUpFiles(repository, { paths: [folder] });
  const copy = async (failpoint?: (name: string) => Promise<void>, parts: readonly string[] = []) => {
    const snapshots = await Array.fromAsync(repository.snapshots());
    await copySnapshots({
      from: repository,
      to: archive,
      snapshots,
      signal: noSignal,
      packSizeBytes: 1_000_000,
      ...(failpoint && { failpoint }),
      describing: ({ tree }) => contentOf(repository, tree, parts),
    });
    return await Array.fromAsync(archive.snapshots());
  };
  const contentOf = async (reader: Repository, tree: string, names: readonly string[]) => {
    const paths = names.map((part) => join(folder, part, 'data.bin'));
    const nodes = await Promise.all(paths.map((path) => findNode(reader, tree, path, noSignal)));
    return nodes.flatMap((node) => node?.content ?? []);
  };
  return { server, archive, copy, folder, contentOf };
}
