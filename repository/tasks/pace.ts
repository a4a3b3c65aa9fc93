import { setImmediate as nextTurn } from 'node:timers/promises';

/** The walk lets other work of the process run this often. */
const turnMs = 10;
const reportMs = 100;

/** Keeps a long walk over synchronous calls from holding up the process, and its reports rare. */
export class Pace {
  readonly #report: () => void;
  #lastTurn = performance.now();
  #lastReport = Number.NEGATIVE_INFINITY;

  constructor(report: () => void) {
    this.#report = report;
  }

  /** Whether it is time to await `turn`. */
  get isDue(): boolean {
    return performance.now() - this.#lastTurn > turnMs;
  }

  async turn(): Promise<void> {
    await nextTurn();
    this.#lastTurn = performance.now();
    this.moved();
  }

  /** Reports, if it is time to: to be called as bytes move, because one large file has no turns. */
  moved(): void {
    const now = performance.now();
    if (now - this.#lastReport < reportMs) return;
    this.#lastReport = now;
    this.#report();
  }
}
