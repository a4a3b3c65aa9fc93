import { Failure } from '../../contracts/failures.ts';

/** What the head of a dump in pg_dump's custom format tells, once all of it has been seen to be whole. */
export interface DumpFacts {
  /** Version of the format: "1.16". */
  readonly formatVersion: string;
  /** False for a format newer than we know, whose structure was not looked at. */
  readonly structureChecked: boolean;
  /** Roles that own what the dump creates, sorted. */
  readonly owners: readonly string[];
  /** Number of objects by the format's own names: "TABLE", "FK CONSTRAINT" …, sorted by name. */
  readonly objects: Readonly<Record<string, number>>;
}

/** Formats 1.14 (PostgreSQL 12) to 1.16 (PostgreSQL 17 and 18) are understood. */
const oldestMinor = 14;
const newestMinor = 16;

const magic = 'PGDMP';
const customFormat = 1;

/** Block types of the data part. */
const dataBlock = 1;
const largeObjectBlock = 3;

/** State of an entry that has no data. */
const noData = 3;

/** Longer strings are no definition of anything: the dump is damaged. */
const longestStringBytes = 268_435_456;

/** An integer is a sign byte and four bytes, little-endian. pg_dump itself never writes another size. */
const intBytes = 5;

/**
 * Follows a dump as it passes by, and knows at its end whether it is whole: the header, the table of
 * contents, and a complete block of data for each entry that has some. The format has no trailer, so a cut
 * between two blocks could not be seen otherwise. Written from the reading code's view: src/bin/pg_dump,
 * pg_backup_archiver.c (ReadHead, ReadToc) and pg_backup_custom.c.
 */
export class DumpInspector {
  #buffer: Buffer = Buffer.alloc(0);
  #position = 0;
  #minor = 0;
  #offsetBytes = 8;
  #complete = false;
  #unknown = false;
  readonly #awaited = new Set<number>();
  readonly #owners = new Set<string>();
  readonly #objects = new Map<string, number>();
  readonly #reading: Generator<void, void, void> = this.#read();

  /** @throws {Failure} ToolFailed if this cannot be a dump of a known format */
  feed(chunk: Buffer): void {
    if (this.#unknown) return;
    const rest = this.#buffer.subarray(this.#position);
    this.#buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#position = 0;
    this.#reading.next();
  }

  /** @throws {Failure} ToolFailed if the dump ends before its end */
  finish(): DumpFacts {
    if (!this.#unknown && (!this.#complete || this.#awaited.size > 0)) {
      throw damaged(`it ends early: the data of ${this.#awaited.size} entries is missing or cut`);
    }
    const objects = [...this.#objects].sort(([left], [right]) => (left < right ? -1 : 1));
    return {
      formatVersion: `1.${this.#minor}`,
      structureChecked: !this.#unknown,
      owners: [...this.#owners].sort(),
      objects: Object.fromEntries(objects),
    };
  }

  /** Yields whenever it needs more bytes. */
  *#read(): Generator<void, void, void> {
    yield* this.#readHead();
    if (this.#unknown) return;
    const entries = yield* this.#int();
    for (let entry = 0; entry < entries; entry += 1) yield* this.#readEntry();
    for (;;) {
      // Only between two blocks is the end of the stream the end of the dump.
      this.#complete = true;
      yield* this.#need(1);
      this.#complete = false;
      yield* this.#readBlock();
    }
  }

  *#readHead(): Generator<void, void, void> {
    yield* this.#need(magic.length + 6);
    if (this.#bytes(magic.length).toString('latin1') !== magic) throw damaged('it does not start as a dump');
    const [major, minor = 0, , intSize, offsetSize = 8, format] = this.#bytes(6);
    this.#minor = minor;
    this.#offsetBytes = offsetSize;
    this.#unknown = major !== 1 || minor < oldestMinor || minor > newestMinor;
    if (this.#unknown) return;
    if (intSize !== intBytes - 1 || format !== customFormat) throw damaged('it is not in the custom format');
    // Compression: a byte since 1.15, an integer before.
    yield* this.#skip(minor >= 15 ? 1 : intBytes);
    // Seconds, minutes, hours, day, month, year, daylight saving.
    yield* this.#skip(7 * intBytes);
    // Database, version of the server, version of pg_dump.
    for (let field = 0; field < 3; field += 1) yield* this.#skipString();
  }

  *#readEntry(): Generator<void, void, void> {
    const id = yield* this.#int();
    yield* this.#skip(intBytes);
    // Object ids of its catalog and of itself, then its name.
    for (let field = 0; field < 3; field += 1) yield* this.#skipString();
    const kind = (yield* this.#string()) ?? '';
    yield* this.#skip(intBytes);
    // Definition, drop statement, COPY statement, schema, tablespace, access method.
    for (let field = 0; field < 6; field += 1) yield* this.#skipString();
    if (this.#minor >= 16) yield* this.#skip(intBytes);
    const owner = yield* this.#string();
    yield* this.#skipString();
    // The ids that it depends on, up to an absent one.
    while ((yield* this.#string()) !== undefined);
    yield* this.#need(1);
    const state = this.#byte();
    yield* this.#skip(this.#offsetBytes);
    if (state !== noData) this.#awaited.add(id);
    if (owner !== undefined && owner !== '') this.#owners.add(owner);
    this.#objects.set(kind, (this.#objects.get(kind) ?? 0) + 1);
  }

  *#readBlock(): Generator<void, void, void> {
    const type = this.#byte();
    const id = yield* this.#int();
    if (!this.#awaited.delete(id)) throw damaged(`it holds data of an entry ${id} that awaits none`);
    if (type === dataBlock) yield* this.#skipChunks();
    else if (type === largeObjectBlock) while ((yield* this.#int()) !== 0) yield* this.#skipChunks();
    else throw damaged(`it holds a block of the unknown type ${type}`);
  }

  /** Chunks of a length and so many bytes, up to the length 0. A row of a table is a chunk: this loop is hot. */
  *#skipChunks(): Generator<void, void, void> {
    for (;;) {
      if (this.#buffer.length - this.#position < intBytes) yield* this.#need(intBytes);
      const length = this.#takeInt();
      if (length === 0) return;
      if (length < 0) throw damaged('it holds a chunk of negative length');
      if (this.#buffer.length - this.#position >= length) this.#position += length;
      else yield* this.#skip(length);
    }
  }

  *#need(count: number): Generator<void, void, void> {
    while (this.#buffer.length - this.#position < count) yield;
  }

  *#skip(count: number): Generator<void, void, void> {
    let left = count;
    while (left > this.#buffer.length - this.#position) {
      left -= this.#buffer.length - this.#position;
      this.#position = this.#buffer.length;
      yield;
    }
    this.#position += left;
  }

  *#int(): Generator<void, number, void> {
    yield* this.#need(intBytes);
    return this.#takeInt();
  }

  *#string(): Generator<void, string | undefined, void> {
    const length = yield* this.#stringLength();
    if (length === undefined) return undefined;
    yield* this.#need(length);
    return this.#bytes(length).toString();
  }

  *#skipString(): Generator<void, void, void> {
    yield* this.#skip((yield* this.#stringLength()) ?? 0);
  }

  /** Undefined for an absent string. */
  *#stringLength(): Generator<void, number | undefined, void> {
    const length = yield* this.#int();
    if (length > longestStringBytes) throw damaged(`it holds a text of ${length} bytes`);
    return length < 0 ? undefined : length;
  }

  #takeInt(): number {
    const value = this.#buffer.readUInt32LE(this.#position + 1);
    const negative = this.#buffer[this.#position] !== 0;
    this.#position += intBytes;
    return negative ? -value : value;
  }

  #byte(): number {
    return this.#bytes(1)[0] ?? 0;
  }

  #bytes(count: number): Buffer {
    this.#position += count;
    return this.#buffer.subarray(this.#position - count, this.#position);
  }
}

function damaged(reason: string): Failure {
  return new Failure('ToolFailed', `pg_dump wrote a dump that is not whole: ${reason}`, {
    advice:
      'The step is tried again. If this repeats, report it with the versions of the server and of pg_dump.',
  });
}
