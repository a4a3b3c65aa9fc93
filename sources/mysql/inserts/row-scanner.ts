import { readFile } from 'node:fs/promises';
import { Failure } from '../../../contracts/failures.ts';

/** What came of a piece of the dump. */
export interface ScannedPiece {
  /** Bytes that were taken; the others are for the next call. */
  readonly consumed: number;
  /** The rows as they are to be written: valid until the next piece is scanned. */
  readonly written: Buffer;
  /** Whether the next row needs a statement: its head has to be written and `openStatement` called. */
  readonly needsHead: boolean;
  /** Whether the statement of the dump has ended, with its semicolon. */
  readonly isEnded: boolean;
}

/** Rows since `begin`. */
export interface ScannedRows {
  readonly rows: bigint;
  /** Sum of their hashes, modulo 2^64. */
  readonly sum: bigint;
}

type Flag = 'isEnded' | 'isBroken' | 'isOpen' | 'needsHead';
type Action = 'begin' | 'openStatement' | 'closeStatement';

interface Rows {
  readonly input: Buffer;
  readonly output: Buffer;
  scan(size: number): number;
  call(action: Action): void;
  is(flag: Flag): boolean;
  read(name: 'produced' | 'rows' | 'sum'): bigint;
}

/**
 * Reads the rows of INSERT statements, hashes them, and tells where the statements end that are written instead. A row
 * may be of any length: nothing of it is kept but its hash.
 */
export class RowScanner {
  readonly #rows: Rows;

  private constructor(rows: Rows) {
    this.#rows = rows;
  }

  static async create(): Promise<RowScanner> {
    const code = await readFile(new URL('./rows.wasm', import.meta.url));
    const { instance } = await WebAssembly.instantiate(code, {});
    return new RowScanner(rowsOf(instance.exports));
  }

  /** Whether the statement that is written has no end yet. */
  get isOpen(): boolean {
    return this.#rows.is('isOpen');
  }

  get count(): ScannedRows {
    return { rows: this.#rows.read('rows'), sum: this.#rows.read('sum') };
  }

  /** Begins behind the VALUES of a statement of the dump. */
  begin(): void {
    this.#rows.call('begin');
  }

  /** The head of a statement was written. */
  openStatement(): void {
    this.#rows.call('openStatement');
  }

  /** The statement that is written was ended, though no row has told so. */
  closeStatement(): void {
    this.#rows.call('closeStatement');
  }

  /** Takes what it can of these bytes. @throws {Failure} ToolFailed for what is no row */
  scan(bytes: Buffer): ScannedPiece {
    const rows = this.#rows;
    const size = Math.min(bytes.length, rows.input.length);
    rows.input.set(size === bytes.length ? bytes : bytes.subarray(0, size));
    const consumed = rows.scan(size);
    if (rows.is('isBroken')) throw unreadable();
    return {
      consumed,
      written: rows.output.subarray(0, Number(rows.read('produced'))),
      needsHead: rows.is('needsHead'),
      isEnded: rows.is('isEnded'),
    };
  }
}

function rowsOf(exports: WebAssembly.Instance['exports']): Rows {
  const { memory, scan } = exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof scan !== 'function') throw otherExports();
  const read = (name: string): bigint => {
    const global = exports[name];
    if (!(global instanceof WebAssembly.Global)) throw otherExports();
    const { value } = global;
    if (typeof value !== 'number' && typeof value !== 'bigint') throw otherExports();
    return BigInt.asUintN(64, BigInt(value));
  };
  const call = (action: Action): void => {
    const run = exports[action];
    if (typeof run !== 'function') throw otherExports();
    run();
  };
  const capacity = Number(read('capacity'));
  return {
    input: Buffer.from(memory.buffer, Number(read('input')), capacity),
    // Each byte of input becomes at most two.
    output: Buffer.from(memory.buffer, Number(read('output')), 2 * capacity),
    scan: (size) => Number(scan(size)),
    call,
    is: (flag) => read(flag) !== 0n,
    read,
  };
}

function unreadable(): Failure {
  return new Failure('ToolFailed', 'The dump holds an INSERT statement that cannot be read', {
    advice: 'Report this with the versions of the server and of the dump program.',
  });
}

function otherExports(): Failure {
  return new Failure('Internal', 'rows.wasm has other exports than the scanner needs.');
}
