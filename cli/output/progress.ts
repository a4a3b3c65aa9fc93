import type { Writable } from 'node:stream';
import type { Progress, Warning } from '../../contracts/jobs.ts';
import type { Output } from './output.ts';
import { printable, printableLines } from './printable.ts';
import { renderProgressLine } from './progress-line.ts';
import { RateMeter } from './rate.ts';

/** Shows how pieces of work go on, each in its own row. */
export interface ProgressBoard {
  /** Begins a row. */
  row(title: string): ProgressRow;
  /** Prints a line that stays. */
  note(text: string): void;
  /** Prints a warning, `--quiet` or not. */
  warn(warning: Warning): void;
  /** Removes the rows. Safe to repeat. */
  close(): void;
}

export interface ProgressRow {
  update(progress: Progress): void;
  /** Ends the row, and prints a line that stays, if given. */
  finish(text?: string): void;
}

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
  if (output.json) return new JsonBoard(output, now);
  if (isTerminal(output.stderr)) return new TerminalBoard(output.stderr, now);
  return new PlainBoard(output, now);
}

interface TerminalStream extends Writable {
  readonly isTTY: true;
  readonly columns: number;
}

function isTerminal(stream: Writable): stream is TerminalStream {
  return 'isTTY' in stream && stream.isTTY === true;
}

function describeWarning({ subject, message }: Warning): string {
  return `warning: ${printable(subject)}: ${message}`;
}

/** A row's present state. */
class RowState {
  readonly title: string;
  readonly startedAtMs: number;
  readonly rate = new RateMeter();
  progress: Progress = { phase: 'starting', filesDone: 0, bytesDone: 0, bytesStored: 0 };

  constructor(title: string, startedAtMs: number) {
    this.title = title;
    this.startedAtMs = startedAtMs;
  }

  /** Takes the new state; true if another phase begins. */
  update(progress: Progress, nowMs: number): boolean {
    const isNewPhase = progress.phase !== this.progress.phase;
    this.progress = progress;
    this.rate.add(nowMs, progress.bytesDone);
    return isNewPhase;
  }

  render(nowMs: number, width: number): string {
    return renderProgressLine(
      {
        title: this.title,
        progress: this.progress,
        elapsedMs: nowMs - this.startedAtMs,
        bytesPerSecond: this.rate.bytesPerSecond(nowMs),
      },
      width,
    );
  }
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

class JsonBoard implements ProgressBoard {
  static readonly intervalMs = 1000;
  readonly #output: Output;
  readonly #now: () => number;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  row(title: string): ProgressRow {
    const state = new RowState(title, this.#now());
    let printedAtMs = Number.NEGATIVE_INFINITY;
    return {
      update: (progress) => {
        const nowMs = this.#now();
        const isNewPhase = state.update(progress, nowMs);
        if (!isNewPhase && nowMs - printedAtMs < JsonBoard.intervalMs) return;
        printedAtMs = nowMs;
        const elapsedMs = Math.round(nowMs - state.startedAtMs);
        // A reader that is slow must not hold up the work: lines wait in memory, at most one a second.
        void this.#output.event('progress', { subject: title, elapsedMs, ...progress });
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

class PlainBoard implements ProgressBoard {
  static readonly intervalMs = 30_000;
  static readonly width = 160;
  readonly #output: Output;
  readonly #now: () => number;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  row(title: string): ProgressRow {
    const state = new RowState(title, this.#now());
    let printedAtMs = state.startedAtMs;
    return {
      update: (progress) => {
        const nowMs = this.#now();
        const isNewPhase = state.update(progress, nowMs);
        if (!isNewPhase && nowMs - printedAtMs < PlainBoard.intervalMs) return;
        printedAtMs = nowMs;
        this.#output.note(state.render(nowMs, PlainBoard.width));
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

/** Rows at the bottom of a terminal, redrawn in place; what is noted scrolls away above them. */
class TerminalBoard implements ProgressBoard {
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
