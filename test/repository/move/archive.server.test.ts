import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { thawBeforeMove } from '../../../cli/thaw.ts';
import { isFailure } from '../../../contracts/failures.ts';
import { checkRepository } from '../../../repository/check/check.ts';
import { resticLockTiming } from '../../../repository/lock/lock.ts';
import { type MoveOptions, moveRepository } from '../../../repository/move/move.ts';
import { Repository } from '../../../repository/repository.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { openStore } from '../../../stores/open.ts';
import { changedStore, type Store } from '../../../stores/store.ts';
import { type ColdS3, coldPlace, coldS3 } from '../../stores/cold-s3.ts';
import { backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, testPassword, testRepository } from '../test-repository.ts';

const lockTiming = { ...resticLockTiming, settleMs: 5 };

test('a repository that is moved into an archive freezes its data alone, and is verified without reading that', async (t) => {
  const { folder, source, server, archive } = await places(t);
  // What others write meanwhile is copied, and verified, in the same way.
  let isWritten = false;
  const to = changedStore(archive, {
    save: async (file, parts, signal) => {
      if (!isWritten) {
        isWritten = true;
        const writer = await Repository.open(openLocalStore(folder), testPassword);
        const lock = await writer.lock({ exclusive: false });
        await writeFile(join(source, 'late'), randomBytes(200_000));
        await backUpFiles(writer, { paths: [source] });
        await lock.release();
        await writer.close();
      }
      return await archive.save(file, parts, signal);
    },
  });
  const { snapshots, unread, stillOpen } = await move(openLocalStore(folder), to);
  assert.deepEqual([snapshots, stillOpen], [2, undefined]);
  const frozen = [...server.objects].filter(([, { reach }]) => reach === 'frozen');
  assert.ok(frozen.length > 3 && frozen.every(([key]) => key.includes('/data/')));
  assert.equal(unread.packs, frozen.length);
  assert.deepEqual(refused(server), [], 'nothing that is frozen was asked for');
  const moved = await Repository.open(archive, testPassword);
  t.after(() => moved.close());
  await moved.loadIndex();
  const packs = [...moved.index.packs()];
  const isTree = (pack: string) => moved.index.holdsTrees(pack);
  assert.equal(frozen.length, packs.filter((pack) => !isTree(pack)).length);
  assert.deepEqual((await checkRepository(moved, { readDataPercent: 100, signal: noSignal })).damages, []);
});

test('a move into an archive that was killed goes on, and asks for nothing that is frozen', async (t) => {
  const { folder, server, archive } = await places(t);
  let left = 5;
  const dying = changedStore(archive, {
    save: async (file, parts, signal) => {
      if (left-- <= 0) throw new Error('killed');
      return await archive.save(file, parts, signal);
    },
  });
  await assert.rejects(move(openLocalStore(folder), dying), /killed/);
  const early = await Repository.open(openLocalStore(folder), testPassword);
  await early.unlock({ all: true });
  await early.close();
  const { snapshots } = await move(openLocalStore(folder), archive);
  assert.equal(snapshots, 1);
  assert.deepEqual(refused(server), []);
});

test('a move out of an archive says what is frozen, and goes when that was thawed', async (t) => {
  const { folder, server, archive } = await places(t);
  await move(openLocalStore(folder), archive);
  const target = openLocalStore(join(await temporaryFolder(t), 'target'));
  await assert.rejects(move(archive, target), (error) => {
    assert.ok(isFailure(error, 'ObjectArchived'), String(error));
    assert.match(error.message, /\d+ packs \(\d+ MB\) lie in an archive class/);
    return /--thaw/.test(error.advice);
  });
  assert.deepEqual(refused(server), [], 'it was seen before anything was read');
  server.thawAfterLooks(1);
  const notes: string[] = [];
  await thawBeforeMove(
    { from: archive, to: target },
    {
      options: { thaw: 'bulk', thawDays: 2 },
      signal: noSignal,
      note: (text) => notes.push(text),
      pauseMs: { firstMs: 1, longestMs: 2 },
    },
  );
  assert.match(notes[0] ?? '', /Frozen: \d+ packs/);
  const { snapshots, unread } = await move(archive, target);
  assert.deepEqual([snapshots, unread.packs], [1, 0]);
  const moved = await Repository.open(target, testPassword);
  const { damages } = await checkRepository(moved, { readDataPercent: 100, signal: noSignal });
  assert.deepEqual(damages, []);
  await moved.close();
});

/** A repository in a folder, and an empty place whose data is frozen. */
async function places(t: TestContext) {
  const server = await coldS3(t);
  const { url, settings } = coldPlace(server, 'GLACIER');
  const archive = await openStore(url, settings);
  t.after(() => archive.close());
  const { folder, repository } = await testRepository(t, { packSizeBytes: 64 * 1024 });
  const source = join(await temporaryFolder(t), 'source');
  await mkdir(source);
  for (const name of ['one', 'two', 'three']) await writeFile(join(source, name), randomBytes(200_000));
  await backUpFiles(repository, { paths: [source] });
  return { folder, source, server, archive };
}

async function move(from: Store, to: MoveOptions['to']) {
  const repository = await Repository.open(from, testPassword, { lockTiming });
  return await moveRepository({
    from: repository,
    to,
    password: testPassword,
    readData: true,
    lockWaitMs: 0,
    signal: noSignal,
  });
}

function refused({ requests }: ColdS3) {
  return requests.filter(({ status }) => status === 403);
}
