import { Failure, isFailure } from '../contracts/failures.ts';

/** How long requests fail at once after a service has been given up. */
const openMs = 15_000;

/**
 * Spares a service that is down, and the caller the full time of retries for each of many requests. It opens
 * when a request has failed to the end of its retries. After a while one request may try; if it succeeds, all
 * may again.
 */
export class CircuitBreaker {
  readonly #openMs: number;
  #opened: { readonly failure: Failure; readonly untilMs: number } | undefined;
  #isProbing = false;

  constructor(duration: number = openMs) {
    this.#openMs = duration;
  }

  /**
   * Tells whether a request may retry: `probe` is the one request that looks whether the service is back.
   * @throws {Failure} of the request that opened the breaker, while it is open
   */
  admit(): 'normal' | 'probe' {
    if (this.#opened === undefined) return 'normal';
    const waitMs = this.#opened.untilMs - performance.now();
    if (waitMs > 0 || this.#isProbing) throw this.#stillOpen(Math.max(waitMs, 0));
    this.#isProbing = true;
    return 'probe';
  }

  succeeded(): void {
    this.#opened = undefined;
    this.#isProbing = false;
  }

  /** A request ended for a reason that says nothing about the service: it was aborted, or lacks a right. */
  undecided(): void {
    this.#isProbing = false;
  }

  gaveUp(error: unknown): void {
    this.#isProbing = false;
    if (isFailure(error)) this.#opened = { failure: error, untilMs: performance.now() + this.#openMs };
  }

  #stillOpen(waitMs: number): Failure {
    const { type, message, advice } = this.#opened?.failure ?? new Failure('StoreUnavailable', 'It is down');
    return new Failure(type, `${message} It is asked again in ${Math.ceil(waitMs / 1000)} s.`, {
      advice,
      cause: this.#opened?.failure,
      retryAfterMs: Math.max(1000, Math.ceil(waitMs)),
    });
  }
}
