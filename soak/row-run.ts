import { inspect } from 'node:util';
import type { TestScope } from '../test/repository/temporary-folder.ts';
import { Random } from './random.ts';
import type { CaseFailure, Row, RowResult } from './row.ts';

const defaultHangMs = 120_000;
/** After so many failures there is nothing more to learn. */
const mostFailures = 10;

export interface RowRunOptions {
  readonly seed: number;
  /** Cases that the row should have. */
  readonly count: number;
  /** Number of the first case; those before it have run already. */
  readonly first?: number;
  readonly signal: AbortSignal;
  /** Ends the row at its next case. Without an end when left out. */
  readonly maxMs?: number;
  /** Of the row. */
  readonly hangMs?: number | undefined;
}

export interface Case {
  /** Counts from 0. */
  readonly number: number;
  readonly random: Random;
}

/** One run of a row: gives out its cases, and takes note of how they end. */
export class RowRun implements TestScope {
  readonly signal: AbortSignal;
  /** Cases that the row should have. */
  readonly count: number;
  /** For what all cases share. */
  readonly random: Random;
  readonly #seed: number;
  readonly #endMs: number;
  readonly #hangMs: number;
  readonly #kinds = new Map<string, number>();
  readonly #failures: CaseFailure[] = [];
  readonly #skipped = new Map<string, string>();
  readonly #figures = new Map<string, number>();
  readonly #cleanUp: (() => unknown)[] = [];
  #number: number;
  #isCutShort = false;
  /** Whether the last case was interrupted: it has shown nothing, and is the first of the next run. */
  #isInterrupted = false;

  constructor({ seed, count, signal, first = 0, ...times }: RowRunOptions) {
    const { maxMs = Number.POSITIVE_INFINITY, hangMs = defaultHangMs } = times;
    this.#seed = seed;
    this.count = count;
    this.signal = signal;
    this.#number = first;
    this.#hangMs = hangMs;
    this.random = new Random(seed);
    this.#endMs = performance.now() + maxMs;
  }

  /** Calls the function when the run has ended, the last one first. */
  after(clean: () => unknown): void {
    this.#cleanUp.push(clean);
  }

  /** The cases, until there were enough of them, the time is over, or too many failed. */
  *cases(count = this.count): Generator<Case> {
    while (this.#number < count) {
      if (this.isOver) return;
      const number = this.#number++;
      yield { number, random: new Random(this.#seed * 1_000_003 + number) };
    }
  }

  /** What is left of the time, in ms. */
  get leftMs(): number {
    return this.#endMs - performance.now();
  }

  /** Whether no further case is wanted. */
  get isOver(): boolean {
    if (this.#failures.length >= mostFailures) return true;
    if (!this.signal.aborted && performance.now() < this.#endMs) return false;
    this.#isCutShort = true;
    return true;
  }

  /** Runs one case. What it throws is what did not hold. */
  async check(kind: string, work: () => Promise<void>): Promise<void> {
    const fromMs = performance.now();
    try {
      await beforeHanging(work(), this.#hangMs);
    } catch (error) {
      this.#isInterrupted ||= this.signal.aborted;
      if (this.#isInterrupted) return;
      const message = inspect(error);
      this.#failures.push({ kind, number: this.#number - 1, message });
    }
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    this.figure('slowest case, ms', performance.now() - fromMs);
  }

  /** Takes note that this machine does not allow a kind of case. */
  skip(kind: string, why: string): void {
    this.#skipped.set(kind, why);
  }

  /** Keeps the largest value. */
  figure(name: string, value: number): void {
    this.#figures.set(name, Math.max(this.#figures.get(name) ?? 0, value));
  }

  async cleanUp(): Promise<void> {
    for (const clean of this.#cleanUp.toReversed()) await clean();
    this.#cleanUp.length = 0;
  }

  result({ id, title }: Row, seconds: number): RowResult {
    const kinds = Object.fromEntries(this.#kinds);
    return {
      id,
      title,
      seeds: [this.#seed],
      seconds,
      cases: [...this.#kinds.values()].reduce((sum, count) => sum + count, 0),
      next: this.#number - (this.#isInterrupted ? 1 : 0),
      kinds,
      failures: this.#failures,
      skipped: Object.fromEntries(this.#skipped),
      figures: Object.fromEntries(this.#figures),
      isCutShort: this.#isCutShort || this.#isInterrupted,
    };
  }
}

/** Runs a row and gives back what it has shown. */
export async function runRow(row: Row, options: RowRunOptions): Promise<RowResult> {
  const run = new RowRun({ ...options, hangMs: row.hangMs });
  const fromMs = performance.now();
  try {
    await row.run(run);
  } finally {
    await run.cleanUp();
  }
  return run.result(row, (performance.now() - fromMs) / 1000);
}

async function beforeHanging(work: Promise<void>, hangMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hanging = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It hangs: no end after ${hangMs} ms.`)), hangMs);
  });
  try {
    await Promise.race([work, hanging]);
  } finally {
    clearTimeout(timer);
  }
}
