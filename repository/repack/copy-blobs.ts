import type { Store } from '../../stores/store.ts';
import { openBlob } from '../blob-loader.ts';
import type { Compressor } from '../compression.ts';
import type { Sealing } from '../crypto/sealing.ts';
import type { PackedBlob } from '../pack/header.ts';
import type { NewBlob } from '../pack/pack-builder.ts';
import { damagedPack } from '../pack/pack-reader.ts';
import { packRuns } from '../pack/pack-runs.ts';

const readBytes = 16 * 1024 * 1024;

export interface CopyParts {
  readonly store: Store;
  readonly sealing: Sealing;
  /** For trees that an old program stored without compression. */
  readonly compressor: Compressor;
}

export interface CopiedBlob extends NewBlob {
  readonly type: PackedBlob['type'];
  /** As it lies in the pack that it comes from. */
  readonly source: PackedBlob;
}

/**
 * Reads blobs of one pack, verifies each down to the hash of its plaintext, and gives them back as they were
 * compressed, ready to be sealed into another pack.
 * @throws {Failure} RepositoryDamaged naming the blob and its pack
 */
export async function* copiedBlobs(
  parts: CopyParts,
  { id, blobs }: { readonly id: string; readonly blobs: readonly PackedBlob[] },
  signal: AbortSignal,
): AsyncGenerator<CopiedBlob> {
  for (const run of packRuns(blobs, readBytes)) {
    const { offset } = run;
    const bytes = await parts.store.load(
      { type: 'data', name: id },
      { offset, length: run.end - offset },
      signal,
    );
    if (!bytes) throw damagedPack(id, 'it is missing');
    for (const blob of run.blobs) {
      signal.throwIfAborted();
      const from = blob.offset - offset;
      yield await copied(parts, { ...blob, pack: id }, bytes.subarray(from, from + blob.length));
    }
  }
}

async function copied(
  { sealing, compressor }: CopyParts,
  blob: PackedBlob & { readonly pack: string },
  sealed: Buffer,
): Promise<CopiedBlob> {
  const { type, id, uncompressedLength } = blob;
  const plain = await openBlob(sealing, blob, sealed);
  if (uncompressedLength === undefined) {
    if (type === 'data') return { type, id, content: plain, source: blob };
    const content = await compressor.compressMetadata(plain);
    return { type, id, content, uncompressedLength: plain.length, source: blob };
  }
  const content = sealing.open(sealed);
  if (!content) throw damagedPack(blob.pack, 'it changed while it was read');
  return { type, id, content, uncompressedLength, source: blob };
}
