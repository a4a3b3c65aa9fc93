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

/** Writes the header of a pack, unsealed (restic's design document, "Pack Format"). */
export function encodeHeader(blobs: readonly PackedBlob[]): Buffer {
  const header = Buffer.allocUnsafe(headerBytes(blobs));
  let position = 0;
  for (const { type, id, length, uncompressedLength } of blobs) {
    const compressed = uncompressedLength === undefined ? 0 : compressedFlag;
    position = header.writeUInt8(compressed | (type === 'tree' ? treeFlag : 0), position);
    position = header.writeUInt32LE(length, position);
    if (uncompressedLength !== undefined) position = header.writeUInt32LE(uncompressedLength, position);
    position += header.write(id, position, 'hex');
  }
  return header;
}

/** Reads an unsealed header; undefined when it has not the form of one. */
export function decodeHeader(header: Buffer): readonly PackedBlob[] | undefined {
  const blobs: PackedBlob[] = [];
  let offset = 0;
  for (let position = 0; position < header.length; ) {
    const kind = header[position] ?? 0xff;
    const entryBytes = kind & compressedFlag ? compressedEntryBytes : plainEntryBytes;
    const end = position + entryBytes;
    if (kind > 0b11 || end > header.length) return undefined;
    const length = header.readUInt32LE(position + 1);
    const uncompressed =
      kind & compressedFlag ? { uncompressedLength: header.readUInt32LE(position + 5) } : {};
    const id = header.toString('hex', end - idBytes, end);
    blobs.push({ type: kind & treeFlag ? 'tree' : 'data', id, offset, length, ...uncompressed });
    offset += length;
    position = end;
  }
  return blobs;
}

/** Bytes of the unsealed header. */
export function headerBytes(blobs: readonly PackedBlob[]): number {
  let bytes = 0;
  for (const { uncompressedLength } of blobs) {
    bytes += uncompressedLength === undefined ? plainEntryBytes : compressedEntryBytes;
  }
  return bytes;
}
