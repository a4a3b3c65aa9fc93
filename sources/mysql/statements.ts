import { endOfHead, insertWord } from './inserts/insert-head.ts';

/** A piece of a dump; the pieces together are the whole dump, byte for byte. */
export interface DumpPiece {
  /** 'head' is that of an INSERT statement, up to VALUES and with it, for those who read the rows themselves. */
  readonly kind: 'statement' | 'comment' | 'command' | 'head';
  /** All bytes of the piece, with the space before it and the delimiter behind it. Valid until the next call. */
  readonly bytes: Buffer;
  /** The statement without space and delimiter, the line of a comment, or the line of a client's command. */
  readonly text: Buffer;
}

const newline = 0x0a;
const space = 0x20;
const quote = 0x27;
const doubleQuote = 0x22;
const backtick = 0x60;
const backslash = 0x5c;
const dash = 0x2d;
const hash = 0x23;
const slash = 0x2f;
const star = 0x2a;
const bang = 0x21;
const upperM = 0x4d;

export interface SplitterOptions {
  /** The INSERT statements of a dump end behind their heads; then `takeRest` must be called. Default false. */
  readonly withoutRows?: boolean;
}

type Mode = 'between' | 'code' | 'line comment' | 'block comment' | 'quoted';

const smallestBufferBytes = 262_144;

const usualDelimiter = Buffer.from(';');

/**
 * Splits the dump of `mysqldump` or `mariadb-dump` into statements, as their clients do: strings, names and
 * comments are passed over, and DELIMITER lines are heeded. Memory is bounded by the longest statement, which
 * is the longest row.
 */
export class StatementSplitter {
  #buffer = Buffer.allocUnsafe(smallestBufferBytes);
  #end = 0;
  /** Where the piece under way begins, and where its text does. */
  #pieceStart = 0;
  #textStart = 0;
  #position = 0;
  #mode: Mode = 'between';
  #quote = 0;
  #delimiter = usualDelimiter;
  #commentStart = -1;
  readonly #withoutRows: boolean;

  constructor({ withoutRows = false }: SplitterOptions = {}) {
    this.#withoutRows = withoutRows;
  }

  /** The pieces that these bytes complete. To be read to the end before the next call. */
  *feed(chunk: Uint8Array): Generator<DumpPiece> {
    this.#append(chunk);
    yield* this.#scan(false);
  }

  /**
   * What is left at the end of the dump: `undefined` if nothing but space, else the beginning of something that
   * has no end. A last line without a line end is whole.
   */
  *finish(): Generator<DumpPiece, Buffer | undefined> {
    yield* this.#scan(true);
    const rest = this.#buffer.subarray(this.#pieceStart, this.#end);
    return rest.toString('latin1').trim() === '' ? undefined : rest;
  }

  /** What has come behind the last piece. It is valid until more is fed, and may be fed itself. */
  takeRest(): Buffer {
    const rest = this.#buffer.subarray(this.#pieceStart, this.#end);
    this.#end = 0;
    this.#pieceStart = 0;
    this.#position = 0;
    return rest;
  }

  #append(chunk: Uint8Array): void {
    const kept = this.#end - this.#pieceStart;
    const needed = kept + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) {
      const isRoomy = needed * 2 <= this.#buffer.length;
      const target = isRoomy ? this.#buffer : Buffer.allocUnsafe(Math.max(needed * 2, smallestBufferBytes));
      this.#buffer.copy(target, 0, this.#pieceStart, this.#end);
      this.#buffer = target;
      this.#textStart -= this.#pieceStart;
      this.#position -= this.#pieceStart;
      this.#pieceStart = 0;
      this.#end = kept;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Goes on until the bytes are at an end, or until more of them must be seen to tell what they mean. */
  *#scan(isLast: boolean): Generator<DumpPiece> {
    while (this.#position < this.#end) {
      const before = this.#position;
      const mode = this.#mode;
      const piece = this.#step(isLast);
      if (piece !== undefined) yield piece;
      else if (this.#position === before && this.#mode === mode) return;
    }
    if (isLast && this.#mode === 'line comment' && this.#isOwnPiece)
      yield this.#complete(this.#end, 'comment');
  }

  #step(isLast: boolean): DumpPiece | undefined {
    switch (this.#mode) {
      case 'between':
        return this.#stepBetween(isLast);
      case 'code':
        return this.#stepCode(isLast);
      case 'line comment':
        return this.#stepLineComment();
      case 'block comment':
        return this.#stepBlockComment();
      case 'quoted':
        this.#stepQuoted();
        return undefined;
    }
  }

  /** Whether the comment under way stands by itself, rather than inside of a statement. */
  get #isOwnPiece(): boolean {
    return this.#textStart === this.#commentStart;
  }

  #stepBetween(isLast: boolean): DumpPiece | undefined {
    while (this.#position < this.#end && (this.#buffer[this.#position] ?? 0) <= space) this.#position += 1;
    if (this.#position === this.#end) return undefined;
    this.#textStart = this.#position;
    if (!isLast && this.#end - this.#position < longestBeginning) return undefined;
    if (this.#isCommandLine()) {
      const end = this.#lineEnd();
      if (end > this.#end && !isLast) return undefined;
      return this.#completeCommand(Math.min(end, this.#end));
    }
    if (this.#withoutRows && this.#isInsert()) {
      const length = endOfHead(this.#buffer.subarray(this.#position, this.#end));
      if (length !== undefined) return this.#complete(this.#position + length, 'head');
      if (!isLast) return undefined;
    }
    this.#mode = 'code';
    return undefined;
  }

  #isInsert(): boolean {
    return this.#startsWith(insertWord, this.#position) && this.#delimiter.equals(usualDelimiter);
  }

  /** A line for the client: DELIMITER, or MariaDB's switch that forbids it to run programs. */
  #isCommandLine(): boolean {
    const end = Math.min(this.#position + longestBeginning, this.#end);
    return /^(delimiter\s|\/\*M!999999\\-)/i.test(this.#buffer.toString('latin1', this.#position, end));
  }

  /** Position behind the line end, or beyond the buffer if there is none yet. */
  #lineEnd(): number {
    const found = this.#buffer.indexOf(newline, this.#position);
    return found < 0 || found >= this.#end ? this.#end + 1 : found + 1;
  }

  #completeCommand(end: number): DumpPiece {
    const line = this.#buffer.toString('latin1', this.#position, end);
    const delimiter = /^delimiter\s+(\S+)/i.exec(line)?.[1];
    if (delimiter !== undefined) this.#delimiter = Buffer.from(delimiter, 'latin1');
    return this.#complete(end, 'command');
  }

  #stepCode(isLast: boolean): DumpPiece | undefined {
    const buffer = this.#buffer;
    const first = this.#delimiter[0] ?? 0;
    let position = this.#position;
    for (; position < this.#end; position += 1) {
      const byte = buffer[position] ?? 0;
      if (byte > backtick || (special[byte] === 0 && byte !== first)) continue;
      // Whatever begins here has at most so many bytes.
      if (!isLast && this.#end - position < longestMark) break;
      this.#position = position;
      const found = this.#mark(byte);
      if (found === 'nothing') continue;
      return found;
    }
    this.#position = position;
    return undefined;
  }

  #mark(byte: number): DumpPiece | 'nothing' | undefined {
    const position = this.#position;
    if (this.#startsWith(this.#delimiter, position)) {
      return this.#complete(position + this.#delimiter.length, 'statement', position);
    }
    if (byte === quote || byte === doubleQuote || byte === backtick) {
      this.#enter('quoted', 1);
      this.#quote = byte;
      return undefined;
    }
    const [next, third] = [this.#buffer[position + 1], this.#buffer[position + 2]];
    const isDashes =
      byte === dash && next === dash && (third === undefined || third <= space || position + 2 >= this.#end);
    if (byte === hash || isDashes) {
      this.#commentStart = position;
      this.#enter('line comment', 1);
      return undefined;
    }
    // What stands in /*! and in /*M! is code of some servers; its strings count.
    if (byte === slash && next === star && third !== bang && third !== upperM) {
      this.#commentStart = position;
      this.#enter('block comment', 2);
      return undefined;
    }
    return 'nothing';
  }

  #enter(mode: Mode, bytes: number): void {
    this.#mode = mode;
    this.#position += bytes;
  }

  #startsWith(word: Buffer, position: number): boolean {
    return (
      word.length <= this.#end - position &&
      word.compare(this.#buffer, position, position + word.length) === 0
    );
  }

  #stepLineComment(): DumpPiece | undefined {
    const found = this.#buffer.indexOf(newline, this.#position);
    if (found < 0 || found >= this.#end) {
      this.#position = this.#end;
      return undefined;
    }
    this.#position = found + 1;
    if (this.#isOwnPiece) return this.#complete(found + 1, 'comment');
    this.#mode = 'code';
    return undefined;
  }

  #stepBlockComment(): DumpPiece | undefined {
    for (let position = this.#position; ; position += 1) {
      position = this.#buffer.indexOf(star, position);
      if (position < 0 || position + 1 >= this.#end) {
        this.#position = position < 0 || position >= this.#end ? this.#end : position;
        return undefined;
      }
      if (this.#buffer[position + 1] !== slash) continue;
      this.#position = position + 2;
      if (this.#isOwnPiece) return this.#complete(this.#position, 'comment');
      this.#mode = 'code';
      return undefined;
    }
  }

  /** A doubled quote ends one string and begins the next, which comes to the same. Names know no backslash. */
  #stepQuoted(): void {
    const buffer = this.#buffer;
    const end = this.#end;
    const wanted = this.#quote;
    const escaping = wanted === backtick ? -1 : backslash;
    let position = this.#position;
    for (; position < end; position += 1) {
      const byte = buffer[position];
      if (byte === wanted) {
        this.#position = position + 1;
        this.#mode = 'code';
        return;
      }
      if (byte !== escaping) continue;
      if (position + 1 >= end) break;
      position += 1;
    }
    this.#position = Math.min(position, end);
  }

  #complete(end: number, kind: DumpPiece['kind'], textEnd = end): DumpPiece {
    const text = this.#buffer.subarray(this.#textStart, textEnd);
    const piece = { kind, bytes: this.#buffer.subarray(this.#pieceStart, end), text };
    this.#pieceStart = end;
    this.#position = end;
    this.#mode = 'between';
    this.#commentStart = -1;
    return piece;
  }
}

/** Bytes that tell whether a line is for the client, or an INSERT statement. */
const longestBeginning = 13;
/** "/*M" and "-- "; delimiters are ";" and ";;". */
const longestMark = 4;

/** Bytes that may begin something other than plain code. */
const special = new Uint8Array(256);
for (const byte of [quote, doubleQuote, backtick, dash, hash, slash]) special[byte] = 1;
