import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { checkRepository } from '../../../repository/check/check.ts';
import { resticLockTiming } from '../../../repository/lock/lock.ts';
import { type MoveOptions, moveRepository } from '../../../repository/move/move.ts';
import { readMovedNote } from '../../../repository/move/moved-note.ts';
import { Repository } from '../../../repository/repository.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { changedStore, type Store, type StoreFile } from '../../../stores/store.ts';
import { backUpFiles } from '../back-up.ts';
import { pruneAll } from '../prune/prune-all.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { cheapScrypt, noSignal, testPassword, testRepository } from '../test-repository.ts';

const lockTiming = { ...resticLockTiming, settleMs: 5 };

test('a moved repository is the same byte for byte, and the old place is none any more', async (t) => {
  const { folder, target } = await places(t);
  const before = await filesOf(folder);
  const { snapshots, stillOpen, files } = await move(folder, target);
  assert.deepEqual([snapshots, stillOpen, files], [1, undefined, before.size - 1]);
  assert.deepEqual(await filesOf(target), before);
  assert.equal((await readMovedNote(openLocalStore(folder)))?.to, target);
  const left = await filesOf(folder);
  assert.deepEqual(
    [...before.keys()].filter((path) => !left.has(path)),
    ['config'],
    'all but the config is kept',
  );
});

test('where a repository was moved from, it is neither opened nor made anew', async (t) => {
  const { folder, target } = await places(t);
  await move(folder, target);
  const store = openLocalStore(folder);
  const isTold = (error: unknown): boolean =>
    isFailure(error, 'RepositoryMoved') && error.message.includes(target);
  await assert.rejects(Repository.open(store, testPassword), isTold);
  await assert.rejects(Repository.init(store, testPassword, { scryptCost: cheapScrypt }), isTold);
});

test('a writer that was open before the move, and locks after it, writes nothing', async (t) => {
  const { folder, target } = await places(t);
  const early = await Repository.open(openLocalStore(folder), testPassword);
  t.after(() => early.close());
  await move(folder, target);
  const before = await filesOf(folder);
  await assert.rejects(early.lock({ exclusive: false }), (error) => isFailure(error, 'RepositoryMoved'));
  const lock = await early.lock({ exclusive: false, readsEarly: true });
  const file: StoreFile = { type: 'index', name: '0'.repeat(64) };
  await assert.rejects(early.store.save(file, [Buffer.from('x')]), (error) =>
    isFailure(error, 'RepositoryMoved'),
  );
  await lock.release();
  assert.deepEqual(await filesOf(folder), before);
});

test('what others write while most is copied is moved too', async (t) => {
  const { folder, source, target } = await places(t);
  await writeFile(join(source, 'late'), 'written during the move');
  let isLate = false;
  await move(folder, target, {
    onProgress: ({ step }) => {
      isLate ||= step === 'lock';
    },
    to: beforeFirstSave(openLocalStore(target), async () => {
      assert.equal(isLate, false);
      const writer = await Repository.open(openLocalStore(folder), testPassword);
      const lock = await writer.lock({ exclusive: false });
      await backUpFiles(writer, { paths: [source] });
      await lock.release();
      await writer.close();
    }),
  });
  const moved = await Repository.open(openLocalStore(target), testPassword);
  assert.equal((await Array.fromAsync(moved.snapshots())).length, 2);
  await assertWhole(target);
});

test('a move that dies at any step leaves a repository, and goes on when it is started again', async (t) => {
  const { folder, target } = await places(t);
  const original = join(await temporaryFolder(t), 'original');
  await cp(folder, original, { recursive: true });
  const expected = await filesOf(original);
  for (let step = 0, isDone = false; !isDone; step += 1) {
    const [from, to] = [`${folder}-${step}`, `${target}-${step}`];
    await cp(original, from, { recursive: true });
    const death = { left: step };
    isDone = await move(from, to, { death, readData: false }).then(
      () => true,
      (error: unknown) => {
        assert.match(String(error), /killed/);
        return false;
      },
    );
    if (isDone) {
      assert.ok(step > 12, `${step} steps`);
      continue;
    }
    // Either the old place is still the repository, or the new one is already.
    const isMoved = await Repository.open(openLocalStore(from), testPassword).then(
      async (repository) => {
        await repository.unlock({ all: true });
        await repository.close();
        return false;
      },
      (error: unknown) => isFailure(error, 'RepositoryMoved'),
    );
    if (!isMoved) await move(from, to, { readData: false });
    assert.deepEqual(await filesOf(to), expected, `killed at step ${step}`);
  }
});

test('what was forgotten and pruned between two attempts is not left at the new place', async (t) => {
  const { folder, source, target } = await places(t);
  await assert.rejects(move(folder, target, { death: { left: 8 } }), /killed/);
  const repository = await Repository.open(openLocalStore(folder), testPassword);
  await repository.unlock({ all: true });
  const [old] = await Array.fromAsync(repository.snapshots());
  await writeFile(join(source, 'one'), randomBytes(50_000));
  await backUpFiles(repository, { paths: [source] });
  await repository.store.remove({ type: 'snapshot', name: old?.id ?? '' });
  await pruneAll(repository);
  await repository.close();
  const expected = await filesOf(folder);
  const before = await filesOf(target);
  assert.ok(
    [...before.keys()].some((path) => !expected.has(path)),
    'something has to go',
  );
  await move(folder, target);
  assert.deepEqual(await filesOf(target), expected);
  await assertWhole(target);
});

test('a place that holds another repository, or files of one, is left alone', async (t) => {
  const { folder } = await places(t);
  const other = await testRepository(t);
  const before = await filesOf(other.folder);
  const isTold = (error: unknown): boolean => isFailure(error, 'RepositoryExists');
  await assert.rejects(move(folder, other.folder), isTold);
  assert.deepEqual(await filesOf(other.folder), before);
  await other.store.remove({ type: 'config', name: '' });
  await assert.rejects(move(folder, other.folder), isTold);
});

test('a damaged file ends the move with its name, and the old place stays the repository', async (t) => {
  const { folder, target } = await places(t);
  const [pack = ''] = [...(await filesOf(folder)).keys()].filter((path) => path.startsWith('data/'));
  const bytes = await readFile(join(folder, pack));
  bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
  await writeFile(join(folder, pack), bytes);
  await assert.rejects(move(folder, target), (error) => {
    assert.ok(isFailure(error, 'RepositoryDamaged'), String(error));
    assert.match(error.message, new RegExp(pack.slice(8, 16)));
    return true;
  });
  await (await Repository.open(openLocalStore(folder), testPassword)).close();
  assert.equal(await openLocalStore(target).size({ type: 'config', name: '' }), undefined);
});

test('a repository is moved back by the same way', async (t) => {
  const { folder, target } = await places(t);
  const expected = await filesOf(folder);
  await move(folder, target);
  await move(target, folder);
  assert.deepEqual(await filesOf(folder), expected);
  await assert.rejects(Repository.open(openLocalStore(target), testPassword), (error) =>
    isFailure(error, 'RepositoryMoved'),
  );
});

async function places(t: TestContext) {
  const { folder, repository } = await testRepository(t, { packSizeBytes: 64 * 1024 });
  const source = join(await temporaryFolder(t), 'source');
  await mkdir(source);
  for (const name of ['one', 'two', 'three']) await writeFile(join(source, name), randomBytes(50_000));
  await backUpFiles(repository, { paths: [source] });
  return { folder, source, target: join(await temporaryFolder(t), 'target') };
}

interface MoveChange extends Partial<Pick<MoveOptions, 'to' | 'onProgress' | 'readData'>> {
  readonly death?: Death;
}

async function move(from: string, to: string, { death, ...change }: MoveChange = {}) {
  const dying = (store: Store): Store => (death === undefined ? store : dyingStore(store, death));
  const repository = await Repository.open(dying(openLocalStore(from)), testPassword, { lockTiming });
  try {
    return await moveRepository({
      from: repository,
      to: dying(openLocalStore(to)),
      password: testPassword,
      readData: true,
      lockWaitMs: 0,
      signal: noSignal,
      ...change,
    });
  } finally {
    await repository.close().catch(() => {});
  }
}

interface Death {
  /** Changes until it. */
  left: number;
}

/** Changes nothing any more once its time has come. */
function dyingStore(store: Store, death: Death): Store {
  const live = (): void => {
    if (death.left-- <= 0) throw new Error('killed');
  };
  return changedStore(store, {
    save: async (file, parts, signal) => {
      live();
      return await store.save(file, parts, signal);
    },
    remove: async (file, signal) => {
      live();
      await store.remove(file, signal);
    },
  });
}

function beforeFirstSave(store: Store, work: () => Promise<void>): Store {
  let working: Promise<void> | undefined;
  return changedStore(store, {
    save: async (file, parts, signal) => {
      working ??= work();
      await working;
      return await store.save(file, parts, signal);
    },
  });
}

async function assertWhole(folder: string): Promise<void> {
  const repository = await Repository.open(openLocalStore(folder), testPassword);
  const { damages, notes } = await checkRepository(repository, { readDataPercent: 100, signal: noSignal });
  assert.deepEqual([damages, notes], [[], []]);
  await repository.close();
}

/** Contents of all files but the note, by path. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (entry.isFile() && path !== 'moved') found.set(path, await readFile(join(folder, path), 'base64'));
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
