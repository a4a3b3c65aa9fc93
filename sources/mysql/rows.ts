import sodium from 'sodium-native';
import { Failure } from '../../contracts/failures.ts';

/** What one table held: enough to tell whether a restored one is equal, not enough to tell what differs. */
export interface TableRows {
  readonly rows: number;
  /**
   * Sum over the rows, modulo 2^64, of the SipHash-2-4 of the row as the dump has it between its brackets, in
   * decimal: the order does not matter. The key is sixteen zero bytes: it finds accidents, while the
   * repository itself keeps attackers away.
   */
  readonly hash: string;
}

const key = Buffer.alloc(16);
const insertWord = Buffer.from('INSERT INTO `');
const valuesWord = Buffer.from(' VALUES');

const quote = 0x27;
const backtick = 0x60;
const backslash = 0x5c;
const opening = 0x28;
const closing = 0x29;

/** A row of an INSERT statement, with its brackets. */
export interface InsertedRow {
  readonly start: number;
  readonly end: number;
  /** Lower half of the SipHash of the row without its brackets. */
  readonly hash: number;
}

/** Bytes of an INSERT statement up to VALUES, with it; undefined for a statement of another kind. */
export function insertHead(statement: Buffer): Buffer | undefined {
  if (!hasAt(statement, 0, insertWord)) return undefined;
  return statement.subarray(0, startOfRows(statement, endOfName(statement, insertWord.length)));
}

/** Counts the rows of each table, and takes their measure, from the INSERT statements of a dump. */
export class RowMeasure {
  readonly #tables = new Map<string, { rows: number; low: number; high: number }>();
  readonly #digest = Buffer.alloc(8);

  /**
   * @param head of the statement, as `insertHead` gives it
   * @param onRow called for each row in turn
   */
  add(statement: Buffer, head: Buffer, onRow: (row: InsertedRow) => void = () => {}): void {
    const nameEnd = endOfName(head, insertWord.length);
    const name = head.toString('utf8', insertWord.length, nameEnd - 1).replaceAll('``', '`');
    const table = this.#tables.get(name) ?? { rows: 0, low: 0, high: 0 };
    this.#tables.set(name, table);
    for (let end = head.length; ; ) {
      const start = statement.indexOf(opening, end);
      if (start < 0) return;
      end = endOfRow(statement, start + 1);
      sodium.crypto_shorthash(this.#digest, statement.subarray(start + 1, end), key);
      const hash = this.#digest.readUInt32LE(0);
      const low = table.low + hash;
      table.high = (table.high + this.#digest.readUInt32LE(4) + (low > 0xffff_ffff ? 1 : 0)) >>> 0;
      table.low = low >>> 0;
      table.rows += 1;
      end += 1;
      onRow({ start, end, hash });
    }
  }

  /** Of tables without rows nothing is known. */
  of(table: string): TableRows {
    const { rows, low, high } = this.#tables.get(table) ?? { rows: 0, low: 0, high: 0 };
    return { rows, hash: String((BigInt(high) << 32n) | BigInt(low)) };
  }
}

function hasAt(statement: Buffer, position: number, word: Buffer): boolean {
  const end = position + word.length;
  return end <= statement.length && word.compare(statement, position, end) === 0;
}

/** Position behind the backtick that ends a name. */
function endOfName(statement: Buffer, start: number): number {
  for (let position = start; ; position += 2) {
    position = statement.indexOf(backtick, position);
    if (position < 0) throw unreadable();
    if (statement[position + 1] !== backtick) return position + 1;
  }
}

/** Position behind VALUES; between it and the name of the table may stand the names of columns. */
function startOfRows(statement: Buffer, nameEnd: number): number {
  let position = nameEnd;
  while (!hasAt(statement, position, valuesWord)) {
    const next = statement.indexOf(backtick, position);
    if (next < 0) throw unreadable();
    position = endOfName(statement, next + 1);
    if (statement[position] === closing) position += 1;
  }
  return position + valuesWord.length;
}

/** Position of the bracket that ends a row. */
function endOfRow(statement: Buffer, start: number): number {
  const { length } = statement;
  let depth = 0;
  for (let position = start; position < length; position += 1) {
    const byte = statement[position];
    if (byte === quote) position = endOfString(statement, position + 1);
    else if (byte === opening) depth += 1;
    else if (byte === closing) {
      if (depth === 0) return position;
      depth -= 1;
    }
  }
  throw unreadable();
}

/** Position of the quote that ends a string. A doubled one begins the next string, which comes to the same. */
function endOfString(statement: Buffer, start: number): number {
  const { length } = statement;
  for (let position = start; position < length; position += 1) {
    const byte = statement[position];
    if (byte === quote) return position;
    if (byte === backslash) position += 1;
  }
  throw unreadable();
}

function unreadable(): Failure {
  return new Failure('ToolFailed', 'The dump holds an INSERT statement that cannot be read', {
    advice: 'Report this with the versions of the server and of the dump program.',
  });
}
