import type { Progress, Warning } from '../../contracts/jobs.ts';
import { printable } from './printable.ts';

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

/** A warning as one line. */
export function describeWarning({ subject, message }: Warning): string {
  return `warning: ${printable(subject)}: ${message}`;
}
