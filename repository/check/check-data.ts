import { Failure, isFailure } from '../../contracts/failures.ts';
import type { PackedBlobReader } from '../blobs.ts';
import { ownMemory } from '../free-memory.ts';
import { shortId } from '../ids.ts';
import type { BlobIndex, IndexedPack } from '../index/blob-index.ts';
import type { JobPool, PreparedJob } from '../jobs/job-pool.ts';
import { encodeHeader, type PackedBlob } from '../pack/header.ts';
import type { PackFile } from '../pack/pack-reader.ts';
import type { Damages } from './damages.ts';
import type { PackJob, PackJobResult } from './pack-job.ts';
import { packProgram } from './pack-work.ts';

/** Packs have 16 MiB, or up to 128 MiB in repositories of others; one that is longer is not read at once. */
const maxPackBytes = 1024 * 1024 * 1024;
/** Packs that are read while each processor verifies one. With more, their memory makes the garbage collector run. */
const packsAhead = 1;

export interface DataCheckParts {
  readonly reader: Pick<PackedBlobReader, 'loadRange' | 'openJobs'>;
  readonly index: BlobIndex;
  readonly damages: Damages;
  readonly signal: AbortSignal;
  readonly onPack: (sizeBytes: number) => void;
}

/**
 * Reads packs whole and verifies each: its name, its header against the index, and that every blob decrypts,
 * decompresses and has the hash that is its id.
 * @returns ids of the blobs that cannot be read from these packs, as `pack:type:id`
 */
export async function checkPackData(
  packs: readonly PackFile[],
  parts: DataCheckParts,
): Promise<ReadonlySet<string>> {
  const pool = parts.reader.openJobs(packProgram, packsAhead);
  try {
    return await new DataCheck(pool, parts).run(packs);
  } finally {
    await pool.close();
  }
}

/** Names a blob in one pack: it may be whole in another. */
export function blobKey(pack: string, { type, id }: Pick<PackedBlob, 'type' | 'id'>): string {
  return `${pack}:${type}:${id}`;
}

class DataCheck {
  readonly #pool: JobPool<PackJob, PackJobResult>;
  readonly #parts: DataCheckParts;
  readonly #damaged = new Set<string>();
  #failure: { readonly error: unknown } | undefined;

  constructor(pool: JobPool<PackJob, PackJobResult>, parts: DataCheckParts) {
    this.#pool = pool;
    this.#parts = parts;
  }

  async run(packs: readonly PackFile[]): Promise<ReadonlySet<string>> {
    const { index, signal } = this.#parts;
    const sizes = new Map(packs.map(({ id, sizeBytes }) => [id, sizeBytes]));
    this.#pool.expect(packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    const running = new Set<Promise<void>>();
    for (const indexed of index.blobsByPack()) {
      const sizeBytes = sizes.get(indexed.id);
      if (sizeBytes === undefined) continue;
      const { result } = await this.#pool.start(() => this.#load(indexed, sizeBytes));
      const settled = this.#settle(indexed, sizeBytes, result).finally(() => running.delete(settled));
      running.add(settled);
      if (this.#failure || signal.aborted) break;
    }
    await Promise.all(running);
    signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
    return this.#damaged;
  }

  async #load({ id, blobs }: IndexedPack, sizeBytes: number): Promise<PreparedJob<PackJob>> {
    const { reader, signal } = this.#parts;
    signal.throwIfAborted();
    if (sizeBytes > maxPackBytes) {
      throw new Failure(
        'RepositoryDamaged',
        `The pack ${shortId(id)} is damaged: it has ${sizeBytes} bytes.`,
      );
    }
    const loaded = await reader.loadRange(id, { offset: 0, length: sizeBytes }, signal);
    if (!loaded) throw new Failure('RepositoryDamaged', `The pack ${shortId(id)} is missing.`);
    const bytes = ownMemory(loaded);
    const offsets = Uint32Array.from(blobs, ({ offset }) => offset);
    return { job: { id, bytes, header: encodeHeader(blobs), offsets }, transfer: [bytes.buffer] };
  }

  /** Never rejects. */
  async #settle(pack: IndexedPack, sizeBytes: number, result: Promise<PackJobResult>): Promise<void> {
    const { damages, signal, onPack } = this.#parts;
    try {
      const found = await result;
      for (const damage of found.damages) damages.add(damage);
      this.#lose(
        pack.id,
        found.damaged.flatMap((number) => pack.blobs[number] ?? []),
      );
    } catch (error) {
      if (signal.aborted || !isFailure(error, 'RepositoryDamaged')) {
        this.#failure ??= { error };
        return;
      }
      damages.add(error.message);
      this.#lose(pack.id, pack.blobs);
    }
    onPack(sizeBytes);
  }

  #lose(pack: string, blobs: readonly PackedBlob[]): void {
    for (const blob of blobs) this.#damaged.add(blobKey(pack, blob));
  }
}
