import { RowMeasure } from './row-measure.ts';
import type { RowScanner } from './row-scanner.ts';

const lineEnd = Buffer.from('\n');
const statementEnd = Buffer.from(';');
const nothing = Buffer.of();

const smallestBufferBytes = 262_144;

/**
 * Puts the rows of a dump into INSERT statements anew, each row telling by its own content whether a statement ends
 * behind it. So a row that comes or goes changes the statement that it is in, and all others stay the bytes that
 * they were, which the repository has already (docs/decisions/0024-insert-statements.md). Everything else passes
 * as it is. Takes the measure of the rows on the way.
 */
export class InsertStatements {
  readonly rows = new RowMeasure();
  readonly #scanner: RowScanner;
  #output = Buffer.allocUnsafe(smallestBufferBytes);
  #used = 0;
  /** Of the statement of the dump, up to VALUES; empty outside of one. */
  #head = nothing;
  /** Of the statement that is written. */
  #writtenHead = nothing;

  constructor(scanner: RowScanner) {
    scanner.closeStatement();
    this.#scanner = scanner;
  }

  /** Whether rows come next. */
  get isAtRows(): boolean {
    return this.#head.length > 0;
  }

  /** Bytes that are no rows. */
  add(bytes: Buffer): void {
    this.#endStatement();
    this.#write(bytes);
  }

  /** Begins the rows of a statement. @param head of it, up to VALUES and with it */
  beginRows(head: Buffer): void {
    if (!head.equals(this.#writtenHead)) {
      this.#endStatement();
      this.#writtenHead = Buffer.from(head);
    }
    this.#head = this.#writtenHead;
    this.#scanner.begin();
  }

  /** Takes rows as long as there are any; returns what follows them. @throws {Failure} ToolFailed for what is no row */
  addRows(bytes: Buffer): Buffer {
    let rest = bytes;
    while (rest.length > 0 && this.isAtRows) {
      const { consumed, written, needsHead, isEnded } = this.#scanner.scan(rest);
      this.#write(written);
      if (needsHead) this.#beginStatement();
      if (isEnded) {
        this.rows.add(this.#head, this.#scanner.count);
        this.#head = nothing;
      }
      rest = rest.subarray(consumed);
    }
    return rest;
  }

  /** What has been made since the last call; valid until more is added. */
  take(): Buffer {
    const taken = this.#output.subarray(0, this.#used);
    this.#used = 0;
    return taken;
  }

  #beginStatement(): void {
    this.#write(lineEnd);
    this.#write(this.#writtenHead);
    this.#write(lineEnd);
    this.#scanner.openStatement();
  }

  #endStatement(): void {
    if (!this.#scanner.isOpen) return;
    this.#write(statementEnd);
    this.#scanner.closeStatement();
  }

  #write(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#output.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#output.length) return;
    const larger = Buffer.allocUnsafe((this.#used + bytes) * 2);
    this.#output.copy(larger, 0, 0, this.#used);
    this.#output = larger;
  }
}
