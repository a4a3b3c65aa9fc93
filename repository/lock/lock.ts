import { setTimeout as delay } from 'node:timers/promises';
import { Failure, isFailure } from '../../contracts/failures.ts';
import type { Store } from '../../stores/store.ts';
import { shortId } from '../ids.ts';
import { assertNotMoved } from '../move/moved-note.ts';
import { damaged, type SealedFiles } from '../sealed-files.ts';
import { HeldLock, type RepositoryLock } from './held-lock.ts';
import {
  decodeLockFile,
  encodeLockFile,
  isStale,
  type LockFile,
  newLockFile,
  removeLockFile,
} from './lock-file.ts';

/** Times of locks in ms; those of restic, so that both programs can share a repository. */
export interface LockTiming {
  /** A lock is written anew after this time. */
  readonly refreshEveryMs: number;
  /** Without a refresh for this long a lock counts as lost: some time before others find it stale. */
  readonly lostAfterMs: number;
  /** How often the clock is looked at; timers stand still while a machine sleeps. */
  readonly pollEveryMs: number;
  /** Wait between writing a lock and looking for others that came at the same moment. */
  readonly settleMs: number;
  /** First and longest wait between two attempts. */
  readonly retryFromMs: number;
  readonly retryToMs: number;
  readonly now: () => number;
}

export const resticLockTiming: LockTiming = {
  refreshEveryMs: 5 * 60 * 1000,
  lostAfterMs: 22.5 * 60 * 1000,
  pollEveryMs: 1000,
  settleMs: 200,
  retryFromMs: 5000,
  retryToMs: 60_000,
  now: Date.now,
};

export interface LockRequest {
  /** Excludes all other locks; a shared lock excludes exclusive ones alone. */
  readonly exclusive: boolean;
  /** How long to try again while another lock is in the way. 0 when left out. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Gives a shared lock back as soon as it is written: what follows may read, and its first write waits until it is
   * clear that nobody came at the same moment. If somebody did, the lock is lost. Not for who waits for others.
   */
  readonly readsEarly?: boolean;
}

export interface LockPlace {
  readonly store: Store;
  readonly files: SealedFiles;
  readonly timing: LockTiming;
}

/**
 * Takes a lock, removing stale ones, and keeps it fresh until it is released.
 * @throws {Failure} RepositoryLocked naming who holds the other lock; RepositoryDamaged for an unreadable lock
 */
export async function acquireLock(place: LockPlace, request: LockRequest): Promise<RepositoryLock> {
  const { timing } = place;
  const until = timing.now() + (request.waitMs ?? 0);
  for (let waitMs = timing.retryFromMs; ; waitMs = Math.min(waitMs * 2, timing.retryToMs)) {
    try {
      return await tryLock(place, request);
    } catch (error) {
      const leftMs = until - timing.now();
      if (!isFailure(error, 'RepositoryLocked') || leftMs <= 0) throw error;
      // Two who were in each other's way must not meet again at the next attempt.
      const apartMs = waitMs * (0.5 + Math.random() / 2);
      await delay(Math.min(apartMs, leftMs), undefined, signalOption(request.signal));
    }
  }
}

/** Removes stale locks, or all of them; returns how many. */
export async function removeLocks(
  { store, files, timing }: LockPlace,
  { all, signal }: { readonly all: boolean; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  let removed = 0;
  for await (const { name } of store.list('lock', signal)) {
    const lock = all ? undefined : await loadLock(files, name, signal).catch(undefinedIfDamaged);
    if (!all && (!lock || !isStale(lock, timing.now()))) continue;
    if (await removeLockFile(store, name, signal)) removed++;
  }
  return removed;
}

async function tryLock(place: LockPlace, request: LockRequest): Promise<RepositoryLock> {
  const { exclusive, signal } = request;
  const { files, timing } = place;
  await assertNoConflict(place, { exclusive, own: undefined, signal });
  const file = newLockFile(exclusive, timing.now());
  const name = await files.save('lock', encodeLockFile(file), signal);
  const lock = new HeldLock(place, file, name);
  lock.settle(async (stopped) => {
    const either = signal ? AbortSignal.any([signal, stopped]) : stopped;
    await Promise.all([
      delay(timing.settleMs, undefined, { signal: either }),
      assertStillHere(place.store, either),
    ]);
    await assertNoConflict(place, { exclusive, own: name, signal: either });
  });
  if (request.readsEarly === true && !exclusive && !request.waitMs) return lock;
  try {
    await lock.ensureHeld();
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface ConflictCheck {
  readonly exclusive: boolean;
  /** Name of the lock that is ours. */
  readonly own: string | undefined;
  readonly signal: AbortSignal | undefined;
}

async function assertNoConflict({ store, files, timing }: LockPlace, check: ConflictCheck): Promise<void> {
  const { exclusive, own, signal } = check;
  for await (const { name, sizeBytes } of store.list('lock', signal)) {
    // Stores that do not write whole files leave empty ones; restic passes them over too.
    if (name === own || sizeBytes === 0) continue;
    const lock = await loadLock(files, name, signal);
    if (!lock) continue;
    if (isStale(lock, timing.now())) await removeLockFile(store, name, signal);
    else if (exclusive || lock.exclusive) throw locked(store.location, lock);
  }
}

/** Whoever waited for a lock may get it where the repository was until it was moved. */
async function assertStillHere(store: Store, signal: AbortSignal): Promise<void> {
  if ((await store.size({ type: 'config', name: '' }, signal)) !== undefined) return;
  await assertNotMoved(store, signal);
  throw new Failure('RepositoryNotFound', `The repository at ${store.location} has gone.`);
}

/** Undefined when it has been removed in the meantime. */
async function loadLock(files: SealedFiles, name: string, signal: AbortSignal | undefined) {
  const bytes = await files.load('lock', name, signal);
  if (!bytes) return undefined;
  const lock = decodeLockFile(bytes);
  if (lock) return lock;
  throw damaged('lock', name, `it is no lock; \`resguardo repo unlock\` removes ${shortId(name)}`);
}

function locked(location: string, { exclusive, username, hostname, pid, time }: LockFile): Failure {
  const kind = exclusive ? 'an exclusive' : 'a shared';
  return new Failure(
    'RepositoryLocked',
    `The repository at ${location} has ${kind} lock of process ${pid} of ${username} on ${hostname}, last refreshed at ${time}.`,
  );
}

function undefinedIfDamaged(error: unknown): undefined {
  if (!isFailure(error, 'RepositoryDamaged')) throw error;
  return undefined;
}

function signalOption(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
