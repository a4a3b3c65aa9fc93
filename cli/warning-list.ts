import type { Warning } from '../contracts/jobs.ts';
import type { ProgressBoard } from './output/progress-board.ts';

const keptWarnings = 100;

/** Shows warnings as they come, keeps the first for the result, and counts all. */
export class WarningList {
  readonly first: Warning[] = [];
  count = 0;
  readonly #board: ProgressBoard;

  constructor(board: ProgressBoard) {
    this.#board = board;
  }

  add(warning: Warning): void {
    this.count += 1;
    if (this.first.length < keptWarnings) this.first.push(warning);
    this.#board.warn(warning);
  }
}
