import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../contracts/failures.ts';
import { ignoreHangUps } from './hang-up.ts';
import type { LockPlace } from './lock.ts';
import { encodeLockFile, type LockFile, removeLockFile } from './lock-file.ts';

/** A lock that this process holds, refreshed by itself. */
export interface RepositoryLock {
  /** Aborts when the lock could not be refreshed in time, so that others may take it for stale. */
  readonly lost: AbortSignal;
  /**
   * To be awaited before each write: after a pause of the process or machine it makes sure that the lock is
   * still there.
   * @throws {Failure} RepositoryLocked when it is not
   */
  ensureHeld(): Promise<void>;
  /** Removes the lock; safe to repeat. */
  release(): Promise<void>;
}

/**
 * Refreshing writes a new lock file and then removes the old one, so that there is one at any time. The time
 * since the last refresh is read from the clock, because timers stand still while a machine sleeps.
 */
export class HeldLock implements RepositoryLock {
  readonly #place: LockPlace;
  readonly #lost = new AbortController();
  readonly #poll: NodeJS.Timeout;
  readonly #heedHangUps = ignoreHangUps();
  #file: LockFile;
  #name: string;
  #refreshedMs: number;
  #refreshing: Promise<void> | undefined;
  #released = false;
  readonly #stopSettling = new AbortController();
  #settled: Promise<void> = Promise.resolve();

  constructor(place: LockPlace, file: LockFile, name: string) {
    this.#place = place;
    this.#file = file;
    this.#name = name;
    this.#refreshedMs = Date.parse(file.time);
    this.#poll = setInterval(() => this.#tick(), place.timing.pollEveryMs);
    this.#poll.unref();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Begins a check that has to pass before the first write. Where it fails, the lock is lost. */
  settle(check: (stopped: AbortSignal) => Promise<void>): void {
    const { signal } = this.#stopSettling;
    this.#settled = check(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#lost.abort(error);
    });
  }

  async ensureHeld(): Promise<void> {
    await this.#settled;
    this.#lost.signal.throwIfAborted();
    if (this.#ageMs() < this.#place.timing.lostAfterMs) return;
    await this.#refresh();
    this.#lost.signal.throwIfAborted();
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#poll);
    this.#heedHangUps();
    this.#stopSettling.abort();
    await this.#settled;
    await this.#refreshing;
    await removeLockFile(this.#place.store, this.#name);
  }

  #ageMs(): number {
    return this.#place.timing.now() - this.#refreshedMs;
  }

  #tick(): void {
    if (this.#ageMs() >= this.#place.timing.refreshEveryMs) void this.#refresh();
  }

  /** Never rejects: a refresh that fails is tried again until the lock is too old. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refreshOnce(): Promise<void> {
    const { timing } = this.#place;
    const tooOld = this.#ageMs() >= timing.lostAfterMs;
    try {
      await (tooOld ? this.#replaceIfPresent() : this.#replace());
    } catch (error) {
      if (this.#ageMs() >= timing.lostAfterMs) this.#lose(error);
    }
  }

  /** After a long pause others may have removed the lock; it is ours only if it outlived that. */
  async #replaceIfPresent(): Promise<void> {
    const oldName = this.#name;
    if (!(await this.#exists(oldName))) throw new Error('the lock was removed');
    const nowMs = this.#place.timing.now();
    const file = { ...this.#file, time: new Date(nowMs).toISOString() };
    const name = await this.#place.files.save('lock', encodeLockFile(file));
    await delay(this.#place.timing.settleMs);
    if (!(await this.#exists(oldName))) {
      await this.#place.store.remove({ type: 'lock', name });
      throw new Error('the lock was removed');
    }
    await this.#adopt(file, name, nowMs);
  }

  async #replace(): Promise<void> {
    const nowMs = this.#place.timing.now();
    const file = { ...this.#file, time: new Date(nowMs).toISOString() };
    const name = await this.#place.files.save('lock', encodeLockFile(file));
    await this.#adopt(file, name, nowMs);
  }

  async #adopt(file: LockFile, name: string, nowMs: number): Promise<void> {
    const oldName = this.#name;
    this.#file = file;
    this.#name = name;
    this.#refreshedMs = nowMs;
    await removeLockFile(this.#place.store, oldName);
  }

  async #exists(name: string): Promise<boolean> {
    return (await this.#place.store.size({ type: 'lock', name })) !== undefined;
  }

  #lose(cause: unknown): void {
    this.#lost.abort(
      new Failure(
        'RepositoryLocked',
        `The lock on the repository at ${this.#place.store.location} was lost: it could not be refreshed in time.`,
        { cause, advice: 'Start again; what was stored is used.' },
      ),
    );
  }
}
