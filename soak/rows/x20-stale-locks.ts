import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFailure } from '../../contracts/failures.ts';
import { type LockTiming, resticLockTiming } from '../../repository/lock/lock.ts';
import { encodeLockFile, type LockFile } from '../../repository/lock/lock-file.ts';
import type { Repository } from '../../repository/repository.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testRepository } from '../../test/repository/test-repository.ts';
import { open } from '../engine.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const program = fileURLToPath(new URL('../operations/lock-holder.ts', import.meta.url));
const minuteMs = 60_000;
const staleMs = 30 * minuteMs;
const refreshMs = 5 * minuteMs;

/** restic's times, but for the waits of one process for another. */
const quick: LockTiming = { ...resticLockTiming, settleMs: 5, retryFromMs: 5, retryToMs: 20 };

interface Place {
  readonly folder: string;
  readonly clock: string;
  readonly random: Random;
}

export const staleLocks: Row = {
  id: 'X20',
  title: 'a lock of a dead or frozen owner is taken over in time, a live one never, and two never hold one',
  counts: { test: 14, soak: 350 },
  run: async (run) => {
    const { folder } = await testRepository(run);
    const clock = join(await temporaryFolder(run), 'clock');
    const plays = Object.entries(tricks);
    for (const { number, random } of run.cases()) {
      const [name, play] = plays[number % plays.length] ?? [];
      if (name === undefined || play === undefined) return;
      await writeFile(clock, '0');
      await run.check(name, () => play({ folder, clock, random }, run));
      await (await open(folder)).unlock({ all: true });
    }
  },
};

const tricks: Readonly<Record<string, (place: Place, run: RowRun) => Promise<void>>> = {
  'the owner is killed': async ({ folder, clock }) => {
    const owner = await startOwner(folder, clock);
    await kill(owner);
    await (await lockedAt(folder, 0)).release();
  },
  'the owner is frozen, then wakes': async ({ folder, clock, random }) => {
    const owner = await startOwner(folder, clock);
    try {
      owner.kill('SIGSTOP');
      const early = 1 + random.below(staleMs - 2 * minuteMs);
      await assertRefused(folder, early);
      const late = staleMs + minuteMs + random.below(staleMs);
      const taken = await lockedAt(folder, late);
      await writeFile(clock, String(late));
      owner.kill('SIGCONT');
      assert.equal(await askToWrite(owner), 'refused', 'the first owner wrote under the lock of another');
      await taken.ensureHeld();
      await taken.release();
    } finally {
      await kill(owner);
    }
  },
  'the owner is frozen for a while that is not too long': async ({ folder, clock, random }) => {
    const owner = await startOwner(folder, clock);
    try {
      owner.kill('SIGSTOP');
      const pause = random.below(staleMs - 2 * minuteMs);
      await assertRefused(folder, pause);
      await writeFile(clock, String(pause));
      owner.kill('SIGCONT');
      assert.equal(await askToWrite(owner), 'written');
      await assertRefused(folder, pause);
    } finally {
      await kill(owner);
    }
  },
  'another process has the number of the dead owner': async ({ folder, random }) => {
    await plant(folder, { pid: process.ppid });
    await assertRefused(folder, random.below(staleMs - minuteMs));
    await (await lockedAt(folder, staleMs + minuteMs)).release();
  },
  'the owner is on another host whose clock is wrong': async ({ folder, random }) => {
    const skewMs = random.below(40 * minuteMs) - 20 * minuteMs;
    const time = (ageMs: number): string => new Date(Date.now() - ageMs + skewMs).toISOString();
    // A live owner has refreshed its lock five minutes ago at most.
    const live = await plant(folder, { hostname: 'elsewhere', time: time(random.below(refreshMs)) });
    await assertRefused(folder, 0);
    const repository = await open(folder);
    await repository.store.remove({ type: 'lock', name: live });
    await plant(folder, { hostname: 'elsewhere', time: time(staleMs + 20 * minuteMs + 1000) });
    await (await lockedAt(folder, 0)).release();
  },
  'many break one stale lock at once': async ({ folder }) => {
    await plant(folder, { hostname: 'elsewhere', time: new Date(Date.now() - 2 * staleMs).toISOString() });
    await contend(folder, 4);
  },
  'many want one free lock at once': async ({ folder, random }) => {
    await contend(folder, 2 + random.below(5));
  },
};

async function startOwner(folder: string, clock: string): Promise<ChildProcess> {
  const owner = fork(program, [folder, clock], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [said] = await once(owner, 'message');
  assert.equal(said, 'locked');
  return owner;
}

async function askToWrite(owner: ChildProcess): Promise<unknown> {
  const answer = once(owner, 'message');
  owner.send('write');
  const [said] = await answer;
  return said;
}

async function kill(owner: ChildProcess): Promise<void> {
  const ended = once(owner, 'exit');
  owner.kill('SIGKILL');
  await ended;
}

/** A repository whose clock is ahead. */
async function openAt(folder: string, aheadMs: number): Promise<Repository> {
  return await open(folder, { lockTiming: { ...quick, now: () => Date.now() + aheadMs } });
}

async function lockedAt(folder: string, aheadMs: number) {
  const repository = await openAt(folder, aheadMs);
  const lock = await repository.lock({ exclusive: true });
  assert.equal((await readdir(join(folder, 'locks'))).length, 1, 'the stale lock is gone');
  return lock;
}

async function assertRefused(folder: string, aheadMs: number): Promise<void> {
  const repository = await openAt(folder, aheadMs);
  await assert.rejects(repository.lock({ exclusive: true }), (error) => isFailure(error, 'RepositoryLocked'));
  await assert.rejects(repository.lock({ exclusive: false }), (error) =>
    isFailure(error, 'RepositoryLocked'),
  );
}

/** A folder can be made by one alone, so it shows two holders of one lock. */
async function contend(folder: string, contenders: number): Promise<void> {
  const held = join(folder, '..', 'held');
  await Promise.all(
    Array.from({ length: contenders }, async () => {
      const repository = await openAt(folder, 0);
      const lock = await repository.lock({ exclusive: true, waitMs: 10 * minuteMs });
      await mkdir(held);
      await new Promise((resolve) => setImmediate(resolve));
      await rmdir(held);
      await lock.release();
    }),
  );
}

async function plant(folder: string, change: Partial<LockFile>): Promise<string> {
  const usual = { time: new Date().toISOString(), exclusive: true, hostname: hostname(), username: 'carol' };
  const { sealing } = await open(folder);
  const sealed = sealing.seal(encodeLockFile({ ...usual, pid: 1, ...change }));
  const name = hash('sha256', sealed);
  await writeFile(join(folder, 'locks', name), sealed);
  return name;
}
