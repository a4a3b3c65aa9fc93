import { createHash } from 'node:crypto';
import { Failure } from '../../contracts/failures.ts';
import type { Store } from '../../stores/store.ts';
import { type Sealing, sealOverheadBytes } from '../crypto/sealing.ts';
import { shortId } from '../ids.ts';
import { decodeHeader, maxHeaderBytes, type PackedBlob } from './header.ts';

/** Bytes at the end of a pack that are read at once: some twenty entries, so that most packs need one read. */
const tailBytes = 1024;

/** Bytes of a pack that are read at a time to verify its name. */
const sliceBytes = 4 * 1024 * 1024;

export interface PackFile {
  readonly id: string;
  readonly sizeBytes: number;
}

/**
 * Reads the header of a pack.
 * @throws {Failure} RepositoryDamaged naming the pack
 */
export async function readPackHeader(
  { store, sealing }: { readonly store: Pick<Store, 'load'>; readonly sealing: Sealing },
  pack: PackFile,
  signal?: AbortSignal,
): Promise<readonly PackedBlob[]> {
  const tail = await loadTail(store, pack, Math.min(tailBytes, pack.sizeBytes), signal);
  const bytes = headerFileBytes(pack, tail);
  const whole = bytes <= tail.length ? tail : await loadTail(store, pack, bytes, signal);
  return openHeader(sealing, pack, whole.subarray(whole.length - bytes));
}

/**
 * The header of a pack that is in memory.
 * @throws {Failure} RepositoryDamaged naming the pack
 */
export function headerOfPack(sealing: Sealing, id: string, pack: Buffer): readonly PackedBlob[] {
  const file = { id, sizeBytes: pack.length };
  return openHeader(sealing, file, pack.subarray(pack.length - headerFileBytes(file, pack)));
}

/** Bytes of the sealed header with its length. */
function headerFileBytes(pack: PackFile, tail: Buffer): number {
  const sealedBytes = tail.length < 4 ? 0 : tail.readUInt32LE(tail.length - 4);
  if (sealedBytes < sealOverheadBytes || sealedBytes > maxHeaderBytes || sealedBytes + 4 > pack.sizeBytes) {
    throw damagedPack(pack.id, `the length of its header, ${sealedBytes}, is impossible`);
  }
  return sealedBytes + 4;
}

/** @param sealed the end of the pack, from its header on */
function openHeader(sealing: Sealing, pack: PackFile, sealed: Buffer): readonly PackedBlob[] {
  const header = sealing.open(sealed.subarray(0, sealed.length - 4));
  if (!header) throw damagedPack(pack.id, 'the authentication code of its header is wrong');
  const blobs = decodeHeader(header);
  const blobBytes = blobs?.reduce((sum, { length }) => sum + length, 0);
  if (!blobs || blobBytes !== pack.sizeBytes - sealed.length) {
    throw damagedPack(pack.id, 'its header does not describe its content');
  }
  return blobs;
}

/** Whether the bytes of a pack have the hash that is its name. Undefined when there is no such pack. */
export async function packMatchesName(store: Store, pack: PackFile, signal?: AbortSignal): Promise<boolean> {
  const hash = createHash('sha256');
  for (let offset = 0; offset < pack.sizeBytes; offset += sliceBytes) {
    const length = Math.min(sliceBytes, pack.sizeBytes - offset);
    const slice = await store.load({ type: 'data', name: pack.id }, { offset, length }, signal);
    if (!slice) return false;
    hash.update(slice);
  }
  return hash.digest('hex') === pack.id;
}

export function damagedPack(id: string, why: string, cause?: unknown): Failure {
  return new Failure('RepositoryDamaged', `The pack ${shortId(id)} is damaged: ${why}.`, { cause });
}

async function loadTail(
  store: Pick<Store, 'load'>,
  { id, sizeBytes }: PackFile,
  length: number,
  signal?: AbortSignal,
) {
  const range = { offset: sizeBytes - length, length };
  const bytes = await store.load({ type: 'data', name: id }, range, signal);
  if (!bytes) throw damagedPack(id, 'it is missing');
  return bytes;
}
