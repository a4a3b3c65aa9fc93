import type { Warning } from '../../contracts/jobs.ts';
import { jsonLines, LineBoard, textLines } from './line-board.ts';
import type { Output } from './output.ts';
import { describeWarning, type ProgressBoard, type ProgressRow } from './progress-board.ts';
import { isTerminal, TerminalBoard } from './terminal-board.ts';

export interface ProgressBoardOptions {
  readonly output: Output;
  readonly now?: () => number;
}

/** JSON lines with `--json`; nothing with `--quiet`; rows that move on a terminal; else a line now and then. */
export function createProgressBoard({
  output,
  now = () => performance.now(),
}: ProgressBoardOptions): ProgressBoard {
  if (output.quiet) return new SilentBoard(output);
  if (output.json) return new LineBoard(output, now, jsonLines(output));
  if (isTerminal(output.stderr)) return new TerminalBoard(output.stderr, now);
  return new LineBoard(output, now, textLines(output));
}

class SilentBoard implements ProgressBoard {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  row(): ProgressRow {
    return { update: () => {}, finish: () => {} };
  }

  note(): void {}

  warn(warning: Warning): void {
    this.#output.warn(describeWarning(warning));
  }

  close(): void {}
}
