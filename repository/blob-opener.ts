import { hash } from 'node:crypto';
import { Failure } from '../contracts/failures.ts';
import type { Sealing } from './crypto/sealing.ts';
import { shortId } from './ids.ts';
import type { PackedBlob } from './pack/header.ts';
import { ZstdDecoder } from './zstd-decoder.ts';

/** A blob that claims to be longer is refused, so that a planted one cannot take all memory. */
export const maxBlobBytes = 1024 * 1024 * 1024;

/** Buffers that are longer are not kept: few blobs are longer than the longest chunk. */
const keptBytes = 16 * 1024 * 1024;
const smallestBytes = 1024 * 1024;

/**
 * Opens blobs one after the other on buffers that are made once: decrypts, decompresses and verifies them. One
 * instance for each thread.
 */
export class BlobOpener {
  readonly #sealing: Sealing;
  readonly #decoder = new ZstdDecoder();
  #content: Buffer = Buffer.alloc(0);
  #plain: Buffer = Buffer.alloc(0);

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  /**
   * Returns the plaintext, which is valid until the next call.
   * @throws {Failure} RepositoryDamaged naming the blob and its pack
   */
  open(blob: PackedBlob & { readonly pack: string }, sealed: Uint8Array): Buffer {
    return this.#verified(blob, this.#decrypt(blob, sealed));
  }

  /**
   * Verifies a blob down to its plaintext, and returns its content as it was sealed: compressed, if it is. Valid until
   * the next call.
   * @throws {Failure} RepositoryDamaged naming the blob and its pack
   */
  openContent(blob: PackedBlob & { readonly pack: string }, sealed: Uint8Array): Buffer {
    const content = this.#decrypt(blob, sealed);
    this.#verified(blob, content);
    return content;
  }

  #verified(blob: PackedBlob & { readonly pack: string }, content: Buffer): Buffer {
    const { uncompressedLength } = blob;
    const plain =
      uncompressedLength === undefined ? content : this.#decompress(blob, content, uncompressedLength);
    if (hash('sha256', plain) === blob.id) return plain;
    this.#decoder.reset();
    throw damagedBlob(blob, 'its content does not match its id');
  }

  #decrypt(blob: PackedBlob & { readonly pack: string }, sealed: Uint8Array): Buffer {
    this.#content = roomFor(this.#content, sealed.length);
    const bytes = this.#sealing.openInto(sealed, this.#content);
    if (bytes === undefined) throw damagedBlob(blob, 'its authentication code is wrong');
    return this.#content.subarray(0, bytes);
  }

  #decompress(blob: PackedBlob & { readonly pack: string }, content: Buffer, expectedBytes: number): Buffer {
    if (expectedBytes > maxBlobBytes) throw damagedBlob(blob, 'it cannot be decompressed');
    this.#plain = roomFor(this.#plain, expectedBytes + 1);
    if (this.#decoder.decodeInto(this.#plain, content, expectedBytes)) {
      return this.#plain.subarray(0, expectedBytes);
    }
    throw damagedBlob(blob, 'it cannot be decompressed');
  }
}

/** Pages that are never written take no memory. */
function roomFor(buffer: Buffer, bytes: number): Buffer {
  if (buffer.length >= bytes && (buffer.length <= keptBytes || bytes > keptBytes)) return buffer;
  if (bytes > keptBytes) return Buffer.allocUnsafeSlow(bytes);
  return Buffer.allocUnsafeSlow(Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(bytes))));
}

/** The failure that names a damaged blob and its pack. */
export function damagedBlob(
  { type, id, pack }: PackedBlob & { readonly pack: string },
  why: string,
): Failure {
  return new Failure(
    'RepositoryDamaged',
    `The ${type} blob ${shortId(id)} in pack ${shortId(pack)} is damaged: ${why}.`,
  );
}
