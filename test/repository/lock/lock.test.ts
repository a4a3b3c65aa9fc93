import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { type LockTiming, resticLockTiming } from '../../../repository/lock/lock.ts';
import { encodeLockFile, type LockFile } from '../../../repository/lock/lock-file.ts';
import { Repository } from '../../../repository/repository.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { testPassword, testRepository } from '../test-repository.ts';

const minuteMs = 60_000;

/** restic's times, but for the waits of one process for another. */
const quick: LockTiming = { ...resticLockTiming, settleMs: 5, retryFromMs: 5, retryToMs: 20, pollEveryMs: 5 };

test('shared locks stand beside each other, an exclusive one stands alone', async (t) => {
  const { open } = await lockable(t);
  const [a, b, c] = [await open(), await open(), await open()];
  const shared = [await a.lock({ exclusive: false }), await b.lock({ exclusive: false })];
  await assert.rejects(c.lock({ exclusive: true }), isLocked);
  for (const lock of shared) await lock.release();
  const exclusive = await c.lock({ exclusive: true });
  await assert.rejects(a.lock({ exclusive: false }), isLocked);
  await assert.rejects(b.lock({ exclusive: true }), isLocked);
  await exclusive.release();
  await (await a.lock({ exclusive: true })).release();
});

test('a lock that is refused, released or closed leaves no file', async (t) => {
  const { open, names } = await lockable(t);
  const [a, b] = [await open(), await open()];
  const lock = await a.lock({ exclusive: true });
  await assert.rejects(b.lock({ exclusive: true }), isLocked);
  assert.equal((await names()).length, 1);
  await lock.release();
  await lock.release();
  assert.deepEqual(await names(), []);
  await b.lock({ exclusive: false });
  await b.close();
  assert.deepEqual(await names(), []);
});

test('who is refused is told who holds the lock', async (t) => {
  const { open } = await lockable(t);
  await (await open()).lock({ exclusive: true });
  await assert.rejects((await open()).lock({ exclusive: false }), (error) => {
    assert.ok(isFailure(error, 'RepositoryLocked'));
    assert.match(
      error.message,
      new RegExp(`exclusive lock of process ${process.pid} of .* on ${hostname()}`),
    );
    assert.match(error.advice, /unlock/);
    return true;
  });
});

test('of many who want an exclusive lock at once, never two have it', async (t) => {
  const { open } = await lockable(t);
  const repositories = await Promise.all(Array.from({ length: 6 }, () => open()));
  let held = 0;
  await Promise.all(
    repositories.map(async (repository) => {
      const lock = await repository.lock({ exclusive: true, waitMs: minuteMs });
      assert.equal(++held, 1);
      await new Promise((resolve) => setImmediate(resolve));
      held--;
      await lock.release();
    }),
  );
});

test('a wait for a lock ends when it is free, when it is aborted, or when its time is over', async (t) => {
  const { open } = await lockable(t);
  const [a, b] = [await open(), await open()];
  const lock = await a.lock({ exclusive: true });
  await assert.rejects(b.lock({ exclusive: false, waitMs: 20 }), isLocked);
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await assert.rejects(b.lock({ exclusive: false, waitMs: minuteMs, signal }), reason);
  const waiting = b.lock({ exclusive: false, waitMs: minuteMs });
  await lock.release();
  await (await waiting).release();
});

test('a shared lock that reads early writes nothing when an exclusive one came at the same moment', async (t) => {
  const { open, plant, names } = await lockable(t, { ...quick, settleMs: 100 });
  const repository = await open();
  const lock = await repository.lock({ exclusive: false, readsEarly: true });
  await plant(repository, { hostname: 'elsewhere' });
  await repository.loadIndex();
  await assert.rejects(repository.store.save({ type: 'data', name: '0'.repeat(64) }, []), isLocked);
  assert.ok(lock.lost.aborted);
  await lock.release();
  assert.equal((await names()).length, 1);
});

test('a shared lock that was only read under is released without waiting, and is not lost', async (t) => {
  const { open, names } = await lockable(t, { ...quick, settleMs: 2 ** 31 - 1 });
  const repository = await open();
  const lock = await repository.lock({ exclusive: false, readsEarly: true });
  await repository.loadIndex();
  await lock.release();
  assert.equal(lock.lost.aborted, false);
  assert.deepEqual(await names(), []);
});

test('a lock of a dead process of this host is removed, one of a living process is not', async (t) => {
  const { open, plant, names } = await lockable(t);
  const dead = await deadPid();
  const repository = await open();
  await plant(repository, { pid: dead });
  const lock = await repository.lock({ exclusive: true });
  assert.equal((await names()).length, 1);
  await lock.release();
  await plant(repository, { pid: process.pid });
  await assert.rejects(repository.lock({ exclusive: true }), isLocked);
});

test('a lock of another host is respected for 30 minutes', async (t) => {
  const { open, plant } = await lockable(t);
  const repository = await open();
  const pid = await deadPid();
  await plant(repository, { pid, hostname: 'elsewhere', time: minutesAgo(31) });
  await (await repository.lock({ exclusive: true })).release();
  await plant(repository, { pid, hostname: 'elsewhere', time: minutesAgo(29) });
  await assert.rejects(repository.lock({ exclusive: true }), isLocked);
});

test('unlock removes stale locks, or all of them', async (t) => {
  const { open, plant, names } = await lockable(t);
  const repository = await open();
  await plant(repository, { hostname: 'elsewhere', time: minutesAgo(1) });
  await plant(repository, { hostname: 'elsewhere', time: minutesAgo(60) });
  assert.equal(await repository.unlock({ all: false }), 1);
  assert.equal((await names()).length, 1);
  assert.equal(await repository.unlock({ all: true }), 1);
  assert.deepEqual(await names(), []);
});

test('a damaged lock stops whoever wants one, and unlock can remove it', async (t) => {
  const { open, folder } = await lockable(t);
  const repository = await open();
  await writeFile(join(folder, 'locks', 'ab'.repeat(32)), 'rubbish');
  await assert.rejects(repository.lock({ exclusive: false }), (error) => {
    return isFailure(error, 'RepositoryDamaged') && error.message.includes('abababab');
  });
  assert.equal(await repository.unlock({ all: false }), 0);
  assert.equal(await repository.unlock({ all: true }), 1);
  await (await repository.lock({ exclusive: false })).release();
});

test('a lock is refreshed after five minutes, and there is one at any time', async (t) => {
  const clock = { now: Date.now() };
  const { open, names } = await lockable(t, { ...quick, now: () => clock.now });
  const repository = await open();
  const lock = await repository.lock({ exclusive: false });
  const [before] = await names();
  clock.now += 5 * minuteMs;
  await until(async () => {
    const now = await names();
    assert.ok(now.length >= 1);
    return now.length === 1 && now[0] !== before;
  });
  assert.equal(lock.lost.aborted, false);
  await lock.release();
  assert.deepEqual(await names(), []);
});

test('an owner that was paused for long goes on when its lock is still there', async (t) => {
  const clock = { now: Date.now() };
  const { open, names } = await lockable(t, { ...quick, pollEveryMs: 60 * minuteMs, now: () => clock.now });
  const repository = await open();
  const lock = await repository.lock({ exclusive: false });
  const writer = await repository.openWriter();
  const [before] = await names();
  clock.now += 40 * minuteMs;
  await writer.saveBlob('data', Buffer.from('after the pause'));
  await writer.finish();
  assert.equal(lock.lost.aborted, false);
  assert.notEqual((await names())[0], before, 'the lock is fresh again');
  await lock.release();
});

test('an owner that was paused, and whose lock others removed, writes and removes nothing more', async (t) => {
  const clock = { now: Date.now() };
  const { open, folder } = await lockable(t, { ...quick, pollEveryMs: 60 * minuteMs, now: () => clock.now });
  const repository = await open();
  const lock = await repository.lock({ exclusive: false });
  const writer = await repository.openWriter();
  const { id } = await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
  clock.now += 40 * minuteMs;
  for (const name of await readdir(join(folder, 'locks'))) await rm(join(folder, 'locks', name));
  await assert.rejects(writer.finish(), isLost);
  await assert.rejects(repository.store.remove({ type: 'index', name: id }), isLost);
  assert.equal(lock.lost.aborted, true);
  assert.deepEqual(await Array.fromAsync(repository.store.list('data')), []);
  assert.deepEqual(await readdir(join(folder, 'index')), []);
  await lock.release();
});

test('an owner whose timers run learns of a lost lock by itself', async (t) => {
  const clock = { now: Date.now() };
  const { open, folder } = await lockable(t, { ...quick, now: () => clock.now });
  const lock = await (await open()).lock({ exclusive: false });
  for (const name of await readdir(join(folder, 'locks'))) await rm(join(folder, 'locks', name));
  const lost = once(lock.lost, 'abort');
  clock.now += 25 * minuteMs;
  await lost;
  assert.ok(isLost(lock.lost.reason));
});

test("restic's question whether we live, a hang-up signal, does not end us while we hold a lock", async (t) => {
  const { open } = await lockable(t);
  const lock = await (await open()).lock({ exclusive: false });
  const heard = once(process, 'SIGHUP');
  process.kill(process.pid, 'SIGHUP');
  await heard;
  await lock.release();
  assert.equal(process.listenerCount('SIGHUP'), 0);
});

async function lockable(t: TestContext, lockTiming: LockTiming = quick) {
  const { folder } = await testRepository(t);
  const open = async () => {
    const repository = await Repository.open(openLocalStore(folder), testPassword, { lockTiming });
    t.after(() => repository.close());
    return repository;
  };
  const names = () => readdir(join(folder, 'locks'));
  /** Stores a lock that another process could have written. */
  const plant = async (repository: Repository, change: Partial<LockFile>): Promise<void> => {
    const lock = { time: minutesAgo(1), exclusive: true, hostname: hostname(), username: 'carol', pid: 1 };
    const sealed = repository.sealing.seal(encodeLockFile({ ...lock, ...change }));
    await writeFile(join(folder, 'locks', hash('sha256', sealed)), sealed);
  };
  return { folder, open, names, plant };
}

function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * minuteMs).toISOString();
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  assert.ok(child.pid);
  return child.pid;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

function isLocked(error: unknown): boolean {
  return isFailure(error, 'RepositoryLocked') && /has (a shared|an exclusive) lock/.test(error.message);
}

function isLost(error: unknown): boolean {
  return isFailure(error, 'RepositoryLocked') && /was lost/.test(error.message);
}
