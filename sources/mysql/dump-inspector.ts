import { Failure } from '../../contracts/failures.ts';
import { InsertStatements } from './inserts/insert-statements.ts';
import type { RowMeasure } from './inserts/row-measure.ts';
import type { RowScanner } from './inserts/row-scanner.ts';
import { type DumpPiece, StatementSplitter } from './statements.ts';

/** Where the binary log stood at the moment of the dump. */
export interface LogPosition {
  readonly file: string;
  readonly position: number;
  /** Of MariaDB: "0-1-20". */
  readonly gtid?: string;
}

export interface FinishedDump {
  readonly bytes: number;
  readonly rows: RowMeasure;
  readonly position?: LogPosition;
}

const nothing = Buffer.of();

const positionPattern =
  /^-- CHANGE (?:MASTER|REPLICATION SOURCE) TO (?:MASTER|SOURCE)_LOG_FILE='([^']*)', (?:MASTER|SOURCE)_LOG_POS=(\d+)/;
const gtidPattern = /^-- SET GLOBAL gtid_slave_pos='([^']*)'/;

/** Follows a dump as it passes by, takes its measure, and knows at its end whether it is whole. */
export class DumpInspector {
  readonly #splitter = new StatementSplitter({ withoutRows: true });
  readonly #statements: InsertStatements;
  #bytes = 0;
  #isComplete = false;
  #position: Omit<LogPosition, 'gtid'> | undefined;
  #gtid: string | undefined;

  /** @param scanner that nobody else uses meanwhile */
  constructor(scanner: RowScanner) {
    this.#statements = new InsertStatements(scanner);
  }

  /** What is to be stored of these bytes; valid until the next call. */
  feed(chunk: Buffer): Buffer {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#statements.isAtRows ? this.#statements.addRows(rest) : this.#addPieces(rest);
    }
    return this.#take();
  }

  /**
   * What is left to be stored, and what is known.
   * @throws {Failure} ToolFailed if the dump ends before its end
   */
  finish(): FinishedDump & { readonly tail: Buffer } {
    const pieces = this.#splitter.finish();
    let next = pieces.next();
    for (; next.done !== true; next = pieces.next()) this.#addPiece(next.value);
    if (next.value !== undefined || !this.#isComplete) throw cutDump();
    const gtid = this.#gtid === undefined ? {} : { gtid: this.#gtid };
    const position = this.#position === undefined ? {} : { position: { ...this.#position, ...gtid } };
    return { tail: this.#take(), bytes: this.#bytes, rows: this.#statements.rows, ...position };
  }

  /** Takes what stands before rows; returns what is left. */
  #addPieces(bytes: Buffer): Buffer {
    for (const piece of this.#splitter.feed(bytes)) {
      this.#addPiece(piece);
      if (this.#statements.isAtRows) return this.#splitter.takeRest();
    }
    return nothing;
  }

  #addPiece(piece: DumpPiece): void {
    if (!this.#look(piece)) return;
    if (piece.kind === 'head') this.#statements.beginRows(piece.text);
    else this.#statements.add(piece.bytes);
  }

  #take(): Buffer {
    const taken = this.#statements.take();
    this.#bytes += taken.length;
    return taken;
  }

  /** Whether the piece is to be stored. */
  #look({ kind, text }: DumpPiece): boolean {
    this.#isComplete = false;
    if (kind !== 'comment') return true;
    const line = text.toString('latin1');
    this.#isComplete = line.startsWith('-- Dump completed');
    const [, file, position] = positionPattern.exec(line) ?? [];
    if (file !== undefined) this.#position = { file, position: Number(position) };
    const gtid = gtidPattern.exec(line)?.[1];
    this.#gtid ??= gtid;
    return file === undefined && gtid === undefined;
  }
}

function cutDump(): Failure {
  return new Failure('ToolFailed', 'The dump is not whole: its last line "Dump completed" is missing', {
    advice: 'The step is tried again. If this repeats, run the dump program by hand to see what ends it.',
  });
}
