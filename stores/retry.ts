import { setTimeout as delay } from 'node:timers/promises';
import { isFailure } from '../contracts/failures.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { ByteRange, HiddenFiles, ListedType, Store, StoredFile, StoreFile, ThawWish } from './store.ts';
import { StoreFailure } from './trouble.ts';

export interface RetryPolicy {
  /** First pause; it doubles with each attempt, and a random part of it is waited. */
  readonly initialMs: number;
  readonly longestMs: number;
  /** After this long in all, the failure is passed on, and Temporal tries the whole activity again. */
  readonly totalMs: number;
}

/**
 * Bridges short outages. The sum: no attempt begins later than 45 s after the first, which makes some ten, and
 * none outlasts a silence of 60 s (network/watched-socket.ts), so a service that is silent is given up after
 * 105 s at most. Longer outages are Temporal's: workflows/options.ts says for how long. While the circuit
 * breaker is open, requests fail at once.
 */
const defaultRetryPolicy: RetryPolicy = { initialMs: 200, longestMs: 8_000, totalMs: 45_000 };

export interface RetryOptions {
  readonly policy?: RetryPolicy;
  readonly breaker?: CircuitBreaker;
}

/**
 * A store that tries what passes of the one below again. Every request of the port is safe to repeat. A wait
 * that the service asks for (`Retry-After`) is kept; one that is longer than there is time ends the request.
 */
export function withRetry(store: Store, options: RetryOptions = {}): Store {
  return new RetryingStore(store, options);
}

class RetryingStore implements Store {
  readonly location: string;
  readonly freezesData: boolean;
  readonly #store: Store;
  readonly #policy: RetryPolicy;
  readonly #breaker: CircuitBreaker;

  constructor(store: Store, { policy, breaker }: RetryOptions) {
    this.#store = store;
    this.#policy = policy ?? defaultRetryPolicy;
    this.#breaker = breaker ?? new CircuitBreaker();
    this.location = store.location;
    this.freezesData = store.freezesData === true;
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
  async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    const seen = new Set<string>();
    const attempts = new Attempts(this.#policy, this.#breaker);
    try {
      for (;;) {
        try {
          for await (const file of this.#store.list(type, signal)) {
            if (seen.has(file.name)) continue;
            seen.add(file.name);
            yield file;
          }
          attempts.succeeded();
          return;
        } catch (error) {
          await attempts.failed(error, signal);
        }
      }
    } finally {
      attempts.ended();
    }
  }

  remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    return this.#retry(() => this.#store.remove(file, signal), signal);
  }

  thaw(file: StoreFile, wish: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'> {
    return this.#retry(() => this.#store.thaw(file, wish, signal), signal);
  }

  hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    return this.#retry(() => this.#store.hidden(signal), signal);
  }

  sweep(olderThanMs: number, signal?: AbortSignal): Promise<void> {
    return this.#retry(() => this.#store.sweep(olderThanMs, signal), signal);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #retry<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const attempts = new Attempts(this.#policy, this.#breaker);
    for (;;) {
      try {
        const result = await request();
        attempts.succeeded();
        return result;
      } catch (error) {
        await attempts.failed(error, signal);
      }
    }
  }
}

/** The attempts of one request. */
class Attempts {
  readonly #policy: RetryPolicy;
  readonly #breaker: CircuitBreaker;
  readonly #kind: 'normal' | 'probe';
  readonly #startedMs = performance.now();
  #nextMs: number;

  /** @throws {Failure} while the circuit breaker is open */
  constructor(policy: RetryPolicy, breaker: CircuitBreaker) {
    this.#policy = policy;
    this.#breaker = breaker;
    this.#kind = breaker.admit();
    this.#nextMs = policy.initialMs;
  }

  succeeded(): void {
    this.#breaker.succeeded();
  }

  /** Whoever lists may stop before the end. */
  ended(): void {
    if (this.#kind === 'probe') this.#breaker.undecided();
  }

  /** Waits before the next attempt, or throws the error again if there is none. */
  async failed(error: unknown, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || !passes(error)) {
      this.#breaker.undecided();
      signal?.throwIfAborted();
      throw error;
    }
    const pauseMs = this.#pauseMs(error);
    if (this.#kind === 'probe' || performance.now() - this.#startedMs + pauseMs > this.#policy.totalMs) {
      this.#breaker.gaveUp(error);
      throw error;
    }
    await delay(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => {
      this.#breaker.undecided();
      throw signal?.reason;
    });
  }

  #pauseMs(error: unknown): number {
    // Never zero, so that a crowd of writers does not come back all at once.
    const pauseMs = this.#nextMs * (0.5 + Math.random() / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, this.#policy.longestMs);
    return Math.max(pauseMs, isFailure(error) ? (error.retryAfterMs ?? 0) : 0);
  }
}

/** A full disk is not freed within seconds: Temporal waits for that. */
function passes(error: unknown): boolean {
  if (error instanceof StoreFailure) return error.passes;
  return isFailure(error, 'StoreUnavailable');
}
