import { Failure } from '../../contracts/failures.ts';
import type { BlobOpener } from '../blob-opener.ts';
import type { PackedBlobReader } from '../blobs.ts';
import type { Compressor } from '../compression.ts';
import type { Sealing } from '../crypto/sealing.ts';
import { freeMemory, ownMemory } from '../free-memory.ts';
import type { BlobLocation, IndexedPack } from '../index/blob-index.ts';
import type { PreparedJob } from '../jobs/job-pool.ts';
import { encodeHeader, type PackedBlob } from '../pack/header.ts';
import type { NewBlob } from '../pack/pack-builder.ts';
import { damagedPack } from '../pack/pack-reader.ts';
import { type PackRun, packRuns } from '../pack/pack-runs.ts';
import { isPlainTree } from './plain-tree.ts';
import { type VerifyJob, type VerifyResult, verifyProgram } from './verify-job.ts';

const readBytes = 8 * 1024 * 1024;
/** Runs that are read and verified ahead of the one that is copied: with `readBytes`, the memory of a copy. */
const runsAhead = 4;
const jobsAhead = 2;

/** A blob as it lies in its pack, sealed, which was verified down to the hash of its plaintext. */
export interface VerifiedBlob {
  readonly source: PackedBlob;
  /** Valid until the next blob is asked for. */
  readonly sealed: Buffer;
}

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** Called when all blobs of a pack were given out. */
  readonly onPack?: () => void;
}

/**
 * Reads chosen blobs of packs in the order in which they lie there, and verifies them on all processors.
 * @param packs each with the blobs that are wanted of it; taken a little ahead of the blobs that are given out
 * @throws {Failure} RepositoryDamaged naming the blob and its pack
 */
export async function* verifiedBlobs(
  reader: Pick<PackedBlobReader, 'loadRange' | 'openJobs'>,
  packs: Iterable<IndexedPack>,
  { signal, onPack }: CopyOptions,
): AsyncGenerator<VerifiedBlob> {
  const pool = reader.openJobs(verifyProgram, jobsAhead);
  const ahead: { readonly run: RunOfPack; readonly result: Promise<VerifyResult> }[] = [];
  const next = async function* (): AsyncGenerator<VerifiedBlob> {
    const first = ahead.shift();
    if (!first) return;
    const verified = await first.result;
    yield* blobsOf(first.run, verified);
    freeMemory(verified.bytes);
    if (first.run.isLast) onPack?.();
  };
  try {
    for (const run of runsOf(packs)) {
      signal.throwIfAborted();
      pool.expect(run.end - run.offset);
      const { result } = await pool.start(() => prepare(reader, run, signal));
      ahead.push({ run, result });
      if (ahead.length > runsAhead) yield* next();
    }
    while (ahead.length > 0) yield* next();
  } finally {
    await pool.close();
  }
}

/**
 * Reads and verifies one blob.
 * @throws {Failure} RepositoryDamaged naming the blob and its pack
 */
export async function verifiedBlob(
  reader: Pick<PackedBlobReader, 'loadRange'> & { readonly opener: BlobOpener },
  { pack, ...source }: BlobLocation,
  signal: AbortSignal,
): Promise<VerifiedBlob> {
  const sealed = await reader.loadRange(pack, source, signal);
  if (!sealed) throw damagedPack(pack, 'it is missing');
  reader.opener.open({ ...source, pack }, sealed);
  return { source, sealed };
}

/** Content of a verified blob, compressed, ready to be sealed by another key. */
export async function contentOf(
  { sealing, compressor }: { readonly sealing: Sealing; readonly compressor: Compressor },
  { source, sealed }: VerifiedBlob,
): Promise<NewBlob> {
  const { id, uncompressedLength } = source;
  const content = sealing.open(sealed);
  if (!content) throw new Failure('Internal', 'A verified blob cannot be opened again.');
  if (!isPlainTree(source)) return { id, content, uncompressedLength };
  return { id, content: await compressor.compressMetadata(content), uncompressedLength: content.length };
}

interface RunOfPack extends PackRun<PackedBlob> {
  readonly pack: string;
  readonly isLast: boolean;
}

function* runsOf(packs: Iterable<IndexedPack>): Generator<RunOfPack> {
  for (const { id, blobs } of packs) {
    const runs = packRuns(blobs, readBytes);
    for (const run of runs) yield { ...run, pack: id, isLast: run === runs.at(-1) };
    // A pack of which nothing is wanted is done as well.
    if (runs.length === 0) yield { pack: id, isLast: true, offset: 0, end: 0, blobs: [] };
  }
}

async function prepare(
  reader: Pick<PackedBlobReader, 'loadRange'>,
  { pack, offset, end, blobs }: RunOfPack,
  signal: AbortSignal,
): Promise<PreparedJob<VerifyJob>> {
  const length = end - offset;
  const loaded = length === 0 ? Buffer.alloc(0) : await reader.loadRange(pack, { offset, length }, signal);
  if (!loaded) throw damagedPack(pack, 'it is missing');
  const bytes = ownMemory(loaded);
  const positions = Uint32Array.from(blobs, (blob) => blob.offset - offset);
  return { job: { pack, bytes, header: encodeHeader(blobs), positions }, transfer: [bytes.buffer] };
}

function* blobsOf(run: RunOfPack, { bytes, damage }: VerifyResult): Generator<VerifiedBlob> {
  if (damage !== undefined) throw new Failure('RepositoryDamaged', damage);
  for (const source of run.blobs) {
    const from = source.offset - run.offset;
    yield { source, sealed: Buffer.from(bytes.buffer, bytes.byteOffset + from, source.length) };
  }
}
