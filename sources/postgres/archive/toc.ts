import { Failure } from '../../../contracts/failures.ts';

/**
 * The head and the table of contents of a dump of pg_dump, which its custom and its directory format share.
 * Written from the reading code's view: src/bin/pg_dump, pg_backup_archiver.c (ReadHead, ReadToc). Texts are kept
 * byte by byte, as latin1, since the encoding of the database is not known here.
 */
export interface Toc {
  /** 14 (PostgreSQL 12) to 16 (PostgreSQL 17 and 18). */
  readonly minor: number;
  /** Seconds, minutes, hours, day, month, year, daylight saving. */
  readonly createdAt: readonly number[];
  readonly database: string | undefined;
  readonly serverVersion: string | undefined;
  readonly dumpVersion: string | undefined;
  readonly entries: readonly TocEntry[];
}

export interface TocEntry {
  readonly id: number;
  readonly hasData: boolean;
  /** Object ids of its catalog and of itself, in digits. */
  readonly catalogOid: string | undefined;
  readonly oid: string | undefined;
  readonly tag: string | undefined;
  /** "TABLE", "TABLE DATA", "FK CONSTRAINT" … */
  readonly kind: string;
  readonly section: number;
  readonly definition: string | undefined;
  readonly dropStatement: string | undefined;
  readonly copyStatement: string | undefined;
  readonly schema: string | undefined;
  readonly tablespace: string | undefined;
  readonly accessMethod: string | undefined;
  /** Since 1.16. */
  readonly relationKind: number;
  readonly owner: string | undefined;
  readonly withOids: string | undefined;
  readonly dependencies: readonly string[];
}

/** Values of `section`. */
export const section = { none: 1, preData: 2, data: 3, postData: 4 } as const;

export const oldestMinor = 14;
export const newestMinor = 16;

export const magic = 'PGDMP';

/** An integer is a sign byte and four bytes, little-endian. pg_dump itself never writes another size. */
export const intBytes = 5;
export const offsetBytes = 8;

/** Values of the format in the head. The directory format writes that of tar. */
export const customFormat = 1;
export const directoryFormat = 3;

/** State of an entry in the custom format: data somewhere, or none. */
const dataSomewhere = 1;
export const noData = 3;

/** A dump for a stream: custom format; the data of its entries follows in blocks. */
export function encodeCustomToc(toc: Toc): Buffer {
  const writer = new TocWriter();
  writer.toc(toc, customFormat, (entry) => {
    writer.byte(entry.hasData ? dataSomewhere : noData);
    for (let count = 0; count < offsetBytes; count += 1) writer.byte(0);
  });
  return writer.bytes();
}

/** `toc.dat` of the directory format. `fileOf` names the file with the data of an entry. */
export function encodeDirectoryToc(toc: Toc, fileOf: (entry: TocEntry) => string | undefined): Buffer {
  const writer = new TocWriter();
  writer.toc(toc, directoryFormat, (entry) => writer.text(fileOf(entry) ?? ''));
  return writer.bytes();
}

/** Head of a block of table data, in the custom format: chunks follow. */
export function encodeBlockHead(id: number): Buffer {
  return Buffer.concat([Buffer.of(1), encodeInt(id)]);
}

/** Head of a block of large objects, in the custom format: each is its object id and chunks. */
export function encodeLargeObjectsHead(id: number): Buffer {
  return Buffer.concat([Buffer.of(3), encodeInt(id)]);
}

/** Head of a chunk of so many bytes; of 0 it ends a block. */
export function encodeInt(value: number): Buffer {
  const bytes = Buffer.alloc(intBytes);
  bytes.writeUInt8(value < 0 ? 1 : 0, 0);
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

class TocWriter {
  readonly #parts: Buffer[] = [];

  toc(toc: Toc, format: number, extra: (entry: TocEntry) => void): void {
    const { minor, createdAt, database, serverVersion, dumpVersion, entries } = toc;
    this.#parts.push(Buffer.from(magic, 'latin1'));
    for (const value of [1, minor, 0, intBytes - 1, offsetBytes, format]) this.byte(value);
    // Compression: none. A byte since 1.15, an integer before.
    if (minor >= 15) this.byte(0);
    else this.int(0);
    for (const part of createdAt) this.int(part);
    for (const text of [database, serverVersion, dumpVersion]) this.text(text);
    this.int(entries.length);
    for (const entry of entries) {
      this.#entry(entry, minor);
      extra(entry);
    }
  }

  byte(value: number): void {
    this.#parts.push(Buffer.of(value));
  }

  int(value: number): void {
    this.#parts.push(encodeInt(value));
  }

  text(text: string | undefined): void {
    if (text === undefined) {
      this.int(-1);
      return;
    }
    const bytes = Buffer.from(text, 'latin1');
    this.int(bytes.length);
    this.#parts.push(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #entry(entry: TocEntry, minor: number): void {
    this.int(entry.id);
    this.int(entry.hasData ? 1 : 0);
    for (const text of [entry.catalogOid, entry.oid, entry.tag, entry.kind]) this.text(text);
    this.int(entry.section);
    const { definition, dropStatement, copyStatement, schema, tablespace, accessMethod } = entry;
    for (const text of [definition, dropStatement, copyStatement, schema, tablespace, accessMethod]) {
      this.text(text);
    }
    if (minor >= 16) this.int(entry.relationKind);
    this.text(entry.owner);
    this.text(entry.withOids);
    for (const id of entry.dependencies) this.text(id);
    this.text(undefined);
  }
}

export function damaged(reason: string): Failure {
  return new Failure('ToolFailed', `pg_dump wrote a dump that is not whole: ${reason}`, {
    advice:
      'The step is tried again. If this repeats, report it with the versions of the server and of pg_dump.',
  });
}
