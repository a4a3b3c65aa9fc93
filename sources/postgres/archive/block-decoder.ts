import { readFile } from 'node:fs/promises';
import { Failure } from '../../../contracts/failures.ts';

/** What a piece of a block was. */
export interface DecodedPiece {
  /** Bytes of the piece that belong to the block. */
  readonly consumed: number;
  /** Its content: valid until the next piece is decoded. */
  readonly content: Buffer;
  readonly isEnded: boolean;
}

/** Rows of a table, and a sum of their hashes that depends on no order. */
export interface RowCount {
  readonly rows: string;
  readonly hash: string;
}

interface Block {
  readonly input: Buffer;
  readonly output: Buffer;
  begin(isTable: boolean): void;
  decode(size: number): number;
  read(name: 'produced' | 'isEnded' | 'isBroken' | 'rows' | 'sum'): number | bigint;
}

/** Takes the content out of data blocks of pg_dump's custom format, one block at a time. */
export class BlockDecoder {
  readonly #block: Block;

  private constructor(block: Block) {
    this.#block = block;
  }

  static async create(): Promise<BlockDecoder> {
    const code = await readFile(new URL('./block.wasm', import.meta.url));
    const { instance } = await WebAssembly.instantiate(code, {});
    return new BlockDecoder(blockOf(instance.exports));
  }

  /** Most bytes that one call takes. */
  get capacity(): number {
    return this.#block.input.length;
  }

  begin(isTable: boolean): void {
    this.#block.begin(isTable);
  }

  /** @throws {Failure} ToolFailed for what is no block */
  decode(piece: Buffer): DecodedPiece {
    const block = this.#block;
    block.input.set(piece);
    const consumed = block.decode(piece.length);
    if (block.read('isBroken') !== 0) {
      throw new Failure('ToolFailed', 'pg_dump wrote a dump that is not whole: a chunk has a wrong length');
    }
    const content = block.output.subarray(0, Number(block.read('produced')));
    return { consumed, content, isEnded: block.read('isEnded') !== 0 };
  }

  /** Of the table whose block has ended. */
  get count(): RowCount {
    const unsigned = (value: number | bigint): bigint => BigInt.asUintN(64, BigInt(value));
    return {
      rows: unsigned(this.#block.read('rows')).toString(),
      hash: unsigned(this.#block.read('sum')).toString(16).padStart(16, '0'),
    };
  }
}

function blockOf(exports: WebAssembly.Instance['exports']): Block {
  const { memory, begin, decode } = exports;
  if (
    !(memory instanceof WebAssembly.Memory) ||
    typeof begin !== 'function' ||
    typeof decode !== 'function'
  ) {
    throw otherExports();
  }
  const read = (name: string): number | bigint => {
    const global = exports[name];
    if (!(global instanceof WebAssembly.Global)) throw otherExports();
    const { value } = global;
    if (typeof value === 'number' || typeof value === 'bigint') return value;
    throw otherExports();
  };
  const capacity = Number(read('capacity'));
  return {
    input: Buffer.from(memory.buffer, Number(read('input')), capacity),
    output: Buffer.from(memory.buffer, Number(read('output')), capacity),
    begin: (isTable) => begin(isTable ? 1 : 0),
    decode: (size) => Number(decode(size)),
    read,
  };
}

function otherExports(): Failure {
  return new Failure('Internal', 'block.wasm has other exports than the decoder needs.');
}
