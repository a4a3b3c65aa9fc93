import type { Warning } from '../../contracts/jobs.ts';
import type { Output } from './output.ts';
import { describeWarning, type ProgressBoard, type ProgressRow } from './progress-board.ts';
import { RowState } from './row-state.ts';

/** How a board of lines tells the state of a row, and how often. */
export interface RowLines {
  /** The least time between two lines of a row, in ms; a new phase is told at once. */
  readonly intervalMs: number;
  /** Whether a row tells its first state at once. */
  readonly tellsFirst: boolean;
  print(state: RowState, nowMs: number): void;
}

/** Lines that stay, one for each row now and then. */
export class LineBoard implements ProgressBoard {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #lines: RowLines;

  constructor(output: Output, now: () => number, lines: RowLines) {
    this.#output = output;
    this.#now = now;
    this.#lines = lines;
  }

  row(title: string): ProgressRow {
    const state = new RowState(title, this.#now());
    let printedAtMs = this.#lines.tellsFirst ? Number.NEGATIVE_INFINITY : state.startedAtMs;
    return {
      update: (progress) => {
        const nowMs = this.#now();
        const isNewPhase = state.update(progress, nowMs);
        if (!isNewPhase && nowMs - printedAtMs < this.#lines.intervalMs) return;
        printedAtMs = nowMs;
        this.#lines.print(state, nowMs);
      },
      finish: (text) => {
        if (text !== undefined) this.note(text);
      },
    };
  }

  note(text: string): void {
    this.#output.note(text);
  }

  warn(warning: Warning): void {
    this.#output.warn(describeWarning(warning));
  }

  close(): void {}
}

/** A JSON line for each row, at most one a second. */
export function jsonLines(output: Output): RowLines {
  return {
    intervalMs: 1000,
    tellsFirst: true,
    print: (state, nowMs) => {
      const elapsedMs = Math.round(nowMs - state.startedAtMs);
      // A reader that is slow must not hold up the work: lines wait in memory, at most one a second.
      void output.event('progress', { subject: state.title, elapsedMs, ...state.progress });
    },
  };
}

/** A line of text for each row, at most two a minute: for logs and pipes. */
export function textLines(output: Output): RowLines {
  const width = 160;
  return {
    intervalMs: 30_000,
    tellsFirst: false,
    print: (state, nowMs) => output.note(state.render(nowMs, width)),
  };
}
