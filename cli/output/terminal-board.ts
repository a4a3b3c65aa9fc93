import type { Writable } from 'node:stream';
import type { Warning } from '../../contracts/jobs.ts';
import { printableLines } from './printable.ts';
import { describeWarning, type ProgressBoard, type ProgressRow } from './progress-board.ts';
import { RowState } from './row-state.ts';

export interface TerminalStream extends Writable {
  readonly isTTY: true;
  readonly columns: number;
}

/** Whether lines can be redrawn there. */
export function isTerminal(stream: Writable): stream is TerminalStream {
  return 'isTTY' in stream && stream.isTTY === true;
}

/** Rows at the bottom of a terminal, redrawn in place; what is noted scrolls away above them. */
export class TerminalBoard implements ProgressBoard {
  static readonly frameMs = 100;
  readonly #stream: TerminalStream;
  readonly #now: () => number;
  readonly #rows = new Set<RowState>();
  #drawnLines = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: TerminalStream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
  }

  row(title: string): ProgressRow {
    const state = new RowState(title, this.#now());
    this.#rows.add(state);
    this.#timer ??= setInterval(() => this.#draw(), TerminalBoard.frameMs).unref();
    return {
      update: (progress) => void state.update(progress, this.#now()),
      finish: (text) => {
        this.#rows.delete(state);
        if (text === undefined) this.#draw();
        else this.note(text);
        if (this.#rows.size === 0) this.close();
      },
    };
  }

  note(text: string): void {
    this.#stream.write(`${this.#eraseSequence()}${printableLines(text)}\n`);
    this.#drawnLines = 0;
    this.#draw();
  }

  warn(warning: Warning): void {
    this.note(describeWarning(warning));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#rows.clear();
    this.#draw();
  }

  #draw(): void {
    const nowMs = this.#now();
    // The last cell stays free: a terminal may begin a new line once it is written.
    const width = Math.max(20, (this.#stream.columns || 80) - 1);
    const lines = [...this.#rows].map((row) => row.render(nowMs, width));
    const erase = this.#eraseSequence();
    if (erase === '' && lines.length === 0) return;
    this.#stream.write(erase + lines.map((line) => `${line}\n`).join(''));
    this.#drawnLines = lines.length;
  }

  /** To the first drawn line, then erase to the end of the screen. */
  #eraseSequence(): string {
    return this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}A\r\u001b[J`;
  }
}
