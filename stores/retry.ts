import { setTimeout as delay } from 'node:timers/promises';
import { failureRules, isFailure } from '../contracts/failures.ts';
import type { ByteRange, FileType, Store, StoredFile, StoreFile } from './store.ts';

export interface RetryPolicy {
  /** First pause; it doubles with each attempt, and a random part of it is waited. */
  readonly initialMs: number;
  readonly longestMs: number;
  /** After this long in all, the failure is passed on, and Temporal tries the whole activity again. */
  readonly totalMs: number;
}

/** Bridges short outages. Longer ones are Temporal's: see workflows/options.ts for the sum of both. */
export const defaultRetryPolicy: RetryPolicy = { initialMs: 200, longestMs: 8_000, totalMs: 45_000 };

/** A store that tries temporary failures of the one below again. Every request of the port is safe to repeat. */
export function withRetry(store: Store, policy: RetryPolicy = defaultRetryPolicy): Store {
  return new RetryingStore(store, policy);
}

class RetryingStore implements Store {
  readonly location: string;
  readonly #store: Store;
  readonly #policy: RetryPolicy;

  constructor(store: Store, policy: RetryPolicy) {
    this.#store = store;
    this.#policy = policy;
    this.location = store.location;
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#retry(() => this.#store.create(signal), signal);
  }

  save(file: StoreFile, parts: readonly Uint8Array[], signal?: AbortSignal): Promise<'stored' | 'exists'> {
    return this.#retry(() => this.#store.save(file, parts, signal), signal);
  }

  load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    return this.#retry(() => this.#store.load(file, range, signal), signal);
  }

  size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return this.#retry(() => this.#store.size(file, signal), signal);
  }

  /** Goes through the listing again after a failure, and yields what was not yielded before. */
  async *list(type: Exclude<FileType, 'config'>, signal?: AbortSignal): AsyncIterable<StoredFile> {
    const seen = new Set<string>();
    const pauses = this.#pauses();
    for (;;) {
      try {
        for await (const file of this.#store.list(type, signal)) {
          if (seen.has(file.name)) continue;
          seen.add(file.name);
          yield file;
        }
        return;
      } catch (error) {
        await pauses.wait(error, signal);
      }
    }
  }

  remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    return this.#retry(() => this.#store.remove(file, signal), signal);
  }

  sweep(olderThanMs: number, signal?: AbortSignal): Promise<void> {
    return this.#retry(() => this.#store.sweep(olderThanMs, signal), signal);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #retry<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const pauses = this.#pauses();
    for (;;) {
      try {
        return await request();
      } catch (error) {
        await pauses.wait(error, signal);
      }
    }
  }

  #pauses(): Pauses {
    return new Pauses(this.#policy);
  }
}

class Pauses {
  readonly #policy: RetryPolicy;
  readonly #startedMs = performance.now();
  #nextMs: number;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
    this.#nextMs = policy.initialMs;
  }

  /** Waits before the next attempt, or throws the error again if there is none. */
  async wait(error: unknown, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    // A full disk is not freed within seconds: Temporal waits for that.
    if (!isFailure(error) || !failureRules[error.type].retryable || error.type === 'StorageFull') throw error;
    // Never zero, so that a crowd of writers does not come back all at once.
    const pauseMs = this.#nextMs * (0.5 + Math.random() / 2);
    if (performance.now() - this.#startedMs + pauseMs > this.#policy.totalMs) throw error;
    this.#nextMs = Math.min(this.#nextMs * 2, this.#policy.longestMs);
    await delay(pauseMs, undefined, signal === undefined ? {} : { signal });
  }
}
