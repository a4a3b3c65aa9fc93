import type { RowRun } from './row-run.ts';

/**
 * A row of the fault table: a fault that is injected many times, and what must hold after each. `npm test` runs
 * it with few cases, `npm run soak` with many; both run the same code.
 */
export interface Row {
  /** `X10`, or `X10-packs` for a part of a row. */
  readonly id: string;
  /** What is done and what must hold, as a sentence. */
  readonly title: string;
  /** Cases in `npm test` and in `npm run soak`. */
  readonly counts: { readonly test: number; readonly soak: number };
  /** Injects the faults. What does not hold is told to the run; what is thrown is a fault of the row itself. */
  readonly run: (run: RowRun) => Promise<void>;
  /** A case that takes longer hangs; two minutes when left out. */
  readonly hangMs?: number;
}

/** What a row has shown, in one run or in several. */
export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly cases: number;
  /** Number of the case at which the next run with the same seed goes on. */
  readonly next: number;
  /** Cases by their kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly failures: readonly CaseFailure[];
  /** Kinds that this machine does not allow, and why. */
  readonly skipped: Readonly<Record<string, string>>;
  /** The largest value of each figure. */
  readonly figures: Readonly<Record<string, number>>;
  /** Whether the time was over before all cases had run. */
  readonly isCutShort: boolean;
}

export interface CaseFailure {
  readonly kind: string;
  readonly number: number;
  readonly message: string;
}
