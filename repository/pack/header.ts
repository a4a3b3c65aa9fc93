import type { BlobType } from '../blobs.ts';
import { idBytes } from '../ids.ts';

/** One blob as a pack's header or an index file describes it. Lengths and offsets in bytes. */
export interface PackedBlob {
  readonly type: BlobType;
  /** SHA-256 of the plaintext, 64 hex digits. */
  readonly id: string;
  readonly offset: number;
  /** Length in the pack, sealed. */
  readonly length: number;
  /** Length of the plaintext; only for compressed blobs. */
  readonly uncompressedLength?: number;
}

/** Length of an entry without and with the length of the plaintext. */
const plainEntryBytes = 1 + 4 + idBytes;
const compressedEntryBytes = plainEntryBytes + 4;

/** restic refuses headers that are longer (sealed, with the four bytes of their length). */
export const maxHeaderBytes = 16 * 1024 * 1024;
/** Entries that a pack can have at most. */
export const maxHeaderEntries = Math.floor((maxHeaderBytes - 64) / compressedEntryBytes);

const compressedFlag = 0b10;
const treeFlag = 0b01;

/** Blobs of a pack in the order of their offsets: a list, or what is decoded as it is read. */
export interface BlobSequence extends Iterable<PackedBlob> {
  readonly length: number;
}

/** Writes the header of a pack, unsealed (restic's design document, "Pack Format"). */
export function encodeHeader(blobs: readonly PackedBlob[]): Buffer {
  const header = Buffer.allocUnsafe(headerBytes(blobs));
  let position = 0;
  for (const blob of blobs) position = writeEntry(header, position, blob);
  return header;
}

/** Reads an unsealed header; undefined when it has not the form of one. */
export function decodeHeader(header: Buffer): readonly PackedBlob[] | undefined {
  const blobs = HeaderBlobs.in(header);
  return blobs && [...blobs];
}

/**
 * Collects the entries of a header as bytes. A pack of tiny blobs can have a hundred thousand, and an object for each
 * would take twice the memory of the pack.
 */
export class HeaderBuilder {
  #bytes = Buffer.allocUnsafeSlow(64 * compressedEntryBytes);
  #filled = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(blob: PackedBlob): void {
    if (this.#filled + compressedEntryBytes > this.#bytes.length) this.#grow();
    this.#filled = writeEntry(this.#bytes, this.#filled, blob);
    this.#count += 1;
  }

  /** The header, in memory of its own. The builder cannot be used afterwards. */
  finish(): Buffer<ArrayBuffer> {
    return Buffer.from(this.#bytes.buffer.transfer(this.#filled));
  }

  #grow(): void {
    this.#bytes = Buffer.from(this.#bytes.buffer.transfer(this.#bytes.length * 2));
  }
}

/** The blobs of an unsealed header, decoded one by one as they are read, however often. */
export class HeaderBlobs implements BlobSequence {
  readonly #header: Buffer;
  readonly length: number;

  private constructor(header: Buffer, length: number) {
    this.#header = header;
    this.length = length;
  }

  /** Undefined when the bytes have not the form of a header. They must not change afterwards. */
  static in(header: Buffer): HeaderBlobs | undefined {
    let count = 0;
    for (let position = 0; position < header.length; count += 1) {
      const kind = header[position] ?? 0xff;
      position += entryBytes(kind);
      if (kind > 0b11 || position > header.length) return undefined;
    }
    return new HeaderBlobs(header, count);
  }

  *[Symbol.iterator](): Generator<PackedBlob> {
    const header = this.#header;
    let offset = 0;
    for (let position = 0; position < header.length; ) {
      const kind = header[position] ?? 0;
      const end = position + entryBytes(kind);
      const length = header.readUInt32LE(position + 1);
      const uncompressed =
        kind & compressedFlag ? { uncompressedLength: header.readUInt32LE(position + 5) } : {};
      const id = header.toString('hex', end - idBytes, end);
      yield { type: kind & treeFlag ? 'tree' : 'data', id, offset, length, ...uncompressed };
      offset += length;
      position = end;
    }
  }
}

function entryBytes(kind: number): number {
  return kind & compressedFlag ? compressedEntryBytes : plainEntryBytes;
}

/** Returns where the entry ends. */
function writeEntry(header: Buffer, start: number, blob: PackedBlob): number {
  const { type, id, length, uncompressedLength } = blob;
  const compressed = uncompressedLength === undefined ? 0 : compressedFlag;
  let position = header.writeUInt8(compressed | (type === 'tree' ? treeFlag : 0), start);
  position = header.writeUInt32LE(length, position);
  if (uncompressedLength !== undefined) position = header.writeUInt32LE(uncompressedLength, position);
  return position + header.write(id, position, 'hex');
}

/** Bytes of the unsealed header. */
export function headerBytes(blobs: readonly PackedBlob[]): number {
  let bytes = 0;
  for (const { uncompressedLength } of blobs) {
    bytes += uncompressedLength === undefined ? plainEntryBytes : compressedEntryBytes;
  }
  return bytes;
}
