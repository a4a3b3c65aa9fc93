import { hash } from 'node:crypto';
import { Failure } from '../../contracts/failures.ts';
import type { BlobType } from '../blobs.ts';
import { type Sealing, sealOverheadBytes } from '../crypto/sealing.ts';
import { freeMemory } from '../free-memory.ts';
import { HeaderBlobs, HeaderBuilder, maxHeaderEntries, type PackedBlob } from './header.ts';

/** Room for the largest entry of the header and what seals it. */
const headerEntryBytes = 41;
const headerEndBytes = sealOverheadBytes + 4;

export interface NewBlob {
  readonly id: string;
  /** Compressed or not. */
  readonly content: Uint8Array;
  /** Length of the plaintext when `content` is compressed. */
  readonly uncompressedLength?: number | undefined;
}

export interface BuiltPack {
  readonly id: string;
  readonly blobs: HeaderBlobs;
  /** Unsealed, in memory of its own. */
  readonly header: Buffer<ArrayBuffer>;
  /** Part of the builder's buffer, which must not be used again before the pack is stored. */
  readonly bytes: Buffer;
}

/** Fills a buffer with sealed blobs of one type and the header that describes them. */
export class PackBuilder {
  readonly #type: BlobType;
  readonly #sealing: Sealing;
  readonly buffer: Buffer;
  readonly #header = new HeaderBuilder();
  #filled = 0;

  constructor(type: BlobType, sealing: Sealing, buffer: Buffer) {
    this.#type = type;
    this.#sealing = sealing;
    this.buffer = buffer;
  }

  get blobCount(): number {
    return this.#header.count;
  }

  /** Bytes so far, without the header. */
  get filledBytes(): number {
    return this.#filled;
  }

  hasRoomFor(contentBytes: number): boolean {
    const headerBytes = (this.#header.count + 1) * headerEntryBytes + headerEndBytes;
    const bytes = this.#filled + contentBytes + sealOverheadBytes + headerBytes;
    return bytes <= this.buffer.length && this.#header.count < maxHeaderEntries;
  }

  /** Seals a blob into the pack; returns its length there. Must have room. */
  add({ id, content, uncompressedLength }: NewBlob): number {
    const length = this.#sealing.sealInto(content, this.buffer, this.#filled);
    const compressed = uncompressedLength === undefined ? {} : { uncompressedLength };
    this.#header.add({ type: this.#type, id, offset: this.#filled, length, ...compressed });
    this.#filled += length;
    return length;
  }

  /** Copies a blob that the same key sealed into the pack. Must have room for its content. */
  addSealed({ type: _type, offset: _offset, ...blob }: PackedBlob, sealed: Uint8Array): void {
    this.buffer.set(sealed, this.#filled);
    this.#header.add({ type: this.#type, offset: this.#filled, ...blob, length: sealed.length });
    this.#filled += sealed.length;
  }

  /** Writes the header and names the pack. The builder cannot be used afterwards. */
  finish(): BuiltPack {
    const header = this.#header.finish();
    const sealedBytes = this.#sealing.sealInto(header, this.buffer, this.#filled);
    this.#verifyHeader(header, this.buffer.subarray(this.#filled, this.#filled + sealedBytes));
    const end = this.buffer.writeUInt32LE(sealedBytes, this.#filled + sealedBytes);
    const bytes = this.buffer.subarray(0, end);
    const blobs = HeaderBlobs.in(header);
    if (!blobs) throw new Failure('Internal', 'The header of a new pack has not the form of one.');
    return { id: hash('sha256', bytes), blobs, header, bytes };
  }

  /** A header that cannot be read again would make all of its pack depend on the index. */
  #verifyHeader(header: Buffer, sealed: Buffer): void {
    const opened = this.#sealing.open(sealed);
    const isSame = opened?.equals(header) ?? false;
    if (opened) freeMemory(opened);
    if (isSame) return;
    throw new Failure('Internal', 'The header of a new pack cannot be opened again.', {
      advice: 'Test the memory of this machine: the processor did not give back what was written.',
    });
  }
}

/** Room for the header of usual packs; one of very many tiny blobs is closed a little before it is full. */
const usualHeaderBytes = 2 * 1024 * 1024;

/** Bytes of a buffer for packs that are full at `packBytes`, with blobs of up to `blobBytes`. */
export function packBufferBytes(packBytes: number, blobBytes: number): number {
  return packBytes + blobBytes + sealOverheadBytes + usualHeaderBytes;
}
