import { hash } from 'node:crypto';
import { Failure, isFailure } from '../contracts/failures.ts';
import type { Store } from '../stores/store.ts';
import { type BlobOpener, damagedBlob, maxBlobBytes } from './blob-opener.ts';
import type { BlobType } from './blobs.ts';
import { decompress } from './compression.ts';
import type { Sealing } from './crypto/sealing.ts';
import { shortId } from './ids.ts';
import type { BlobIndex, BlobLocation } from './index/blob-index.ts';
import type { PackedBlob } from './pack/header.ts';
import { damagedPack } from './pack/pack-reader.ts';
import { type PackSegments, smallBlobBytes } from './pack/pack-segments.ts';

/** Up to here a trip to the thread pool costs more than it gains. */
const synchronousBytes = 128 * 1024;

export interface BlobLoaderParts {
  readonly store: Store;
  readonly sealing: Sealing;
  /** Of this thread. */
  readonly opener: BlobOpener;
  readonly index: BlobIndex;
  /** Reads small blobs together with their neighbours. */
  readonly segments: PackSegments;
}

/**
 * Reads, opens, decompresses and verifies one blob. Where it lies in several packs, a damaged one is made up
 * for by the next.
 * @throws {Failure} RepositoryDamaged naming the blob and its pack
 */
export async function loadBlob(
  parts: BlobLoaderParts,
  { type, id }: { readonly type: BlobType; readonly id: string },
  signal?: AbortSignal,
): Promise<Buffer> {
  let damage: unknown;
  for (const location of parts.index.locate(type, id)) {
    try {
      const sealed = await loadSealed(parts, location, signal);
      return await open(parts, location, sealed);
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      parts.segments.forget(location.pack);
      damage = error;
    }
  }
  throw damage ?? new Failure('RepositoryDamaged', `No index names the ${type} blob ${shortId(id)}.`);
}

async function open(
  { sealing, opener }: BlobLoaderParts,
  blob: BlobLocation,
  sealed: Uint8Array,
): Promise<Buffer> {
  const isSmall = Math.max(blob.length, blob.uncompressedLength ?? 0) <= synchronousBytes;
  return isSmall ? Buffer.from(opener.open(blob, sealed)) : await openBlob(sealing, blob, sealed);
}

/**
 * Opens a blob that was read from a pack: decrypts, decompresses and verifies it.
 * @throws {Failure} RepositoryDamaged naming the blob and its pack
 */
async function openBlob(
  sealing: Sealing,
  blob: PackedBlob & { readonly pack: string },
  sealed: Uint8Array,
): Promise<Buffer> {
  const content = sealing.open(sealed);
  if (!content) throw damagedBlob(blob, 'its authentication code is wrong');
  const plain = await plaintext(blob, content);
  if (!plain) throw damagedBlob(blob, 'it cannot be decompressed');
  if (hash('sha256', plain) !== blob.id) throw damagedBlob(blob, 'its content does not match its id');
  return plain;
}

async function plaintext(blob: PackedBlob, content: Buffer): Promise<Buffer | undefined> {
  if (blob.uncompressedLength === undefined) return content;
  if (blob.uncompressedLength > maxBlobBytes) return undefined;
  return await decompress(content, blob.uncompressedLength);
}

async function loadSealed(
  { store, segments }: BlobLoaderParts,
  blob: BlobLocation,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const { pack, offset, length } = blob;
  if (length > maxBlobBytes) throw damagedBlob(blob, `its length, ${length}, is impossible`);
  const sealed =
    length <= smallBlobBytes
      ? await segments.load({ pack, offset, length }, signal)
      : await store.load({ type: 'data', name: pack }, { offset, length }, signal);
  if (!sealed)
    throw damagedPack(blob.pack, `it is missing, and with it the ${blob.type} blob ${shortId(blob.id)}`);
  return sealed;
}
