import { type InsertedRow, insertHead, RowMeasure } from './rows.ts';
import type { DumpPiece } from './statements.ts';

/** How long statements become on the average, where rows decide where they end. */
const averageBytes = 16_384;
/** Where one ends in any case. */
const longestBytes = 131_072;

const lineEnd = Buffer.from('\n');
const betweenRows = Buffer.from(',\n');
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
  #output = Buffer.allocUnsafe(smallestBufferBytes);
  #used = 0;
  /** The statement under way, up to VALUES; empty when there is none. */
  #head = nothing;
  #statementBytes = 0;

  add({ kind, text, bytes }: DumpPiece): void {
    const head = kind === 'statement' ? insertHead(text) : undefined;
    if (head === undefined) {
      this.#endStatement();
      this.#write(bytes);
      return;
    }
    if (!head.equals(this.#head)) this.#endStatement();
    this.rows.add(text, head, (row) => this.#addRow(text, { head, row }));
  }

  /** What has been made since the last call; valid until the next row or piece is added. */
  take(): Buffer {
    const taken = this.#output.subarray(0, this.#used);
    this.#used = 0;
    return taken;
  }

  #addRow(
    text: Buffer,
    { head, row: { start, end, hash } }: { readonly head: Buffer; readonly row: InsertedRow },
  ): void {
    if (this.#head.length > 0) this.#write(betweenRows);
    else this.#beginStatement(head);
    const length = end - start;
    this.#reserve(length);
    text.copy(this.#output, this.#used, start, end);
    this.#used += length;
    this.#statementBytes += length;
    const endsHere = (hash / 2 ** 32) * averageBytes < length;
    if (endsHere || this.#statementBytes >= longestBytes) this.#endStatement();
  }

  #beginStatement(head: Buffer): void {
    this.#head = Buffer.from(head);
    this.#statementBytes = 0;
    this.#write(lineEnd);
    this.#write(head);
    this.#write(lineEnd);
  }

  #endStatement(): void {
    if (this.#head.length === 0) return;
    this.#head = nothing;
    this.#write(statementEnd);
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
