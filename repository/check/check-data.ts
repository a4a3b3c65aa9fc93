import { hash } from 'node:crypto';
import { Failure, isFailure } from '../../contracts/failures.ts';
import type { Store } from '../../stores/store.ts';
import { openBlob } from '../blob-loader.ts';
import type { Sealing } from '../crypto/sealing.ts';
import { shortId } from '../ids.ts';
import type { BlobIndex, IndexedPack } from '../index/blob-index.ts';
import type { PackedBlob } from '../pack/header.ts';
import { type PackFile, readPackHeader } from '../pack/pack-reader.ts';
import { Slots } from '../tasks/slots.ts';
import type { Damages } from './damages.ts';

/** Packs have 16 MiB, or up to 128 MiB in repositories of others; one that is longer is not read at once. */
const maxPackBytes = 1024 * 1024 * 1024;
const packsInFlight = 2;
const blobsInFlight = 8;

export interface DataCheckParts {
  readonly store: Store;
  readonly sealing: Sealing;
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
  const wanted = new Map(packs.map((pack) => [pack.id, pack.sizeBytes]));
  const damaged = new Set<string>();
  const packSlots = new Slots(packsInFlight);
  const blobSlots = new Slots(blobsInFlight);
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  for (const indexed of parts.index.blobsByPack()) {
    const sizeBytes = wanted.get(indexed.id);
    if (sizeBytes === undefined) continue;
    await packSlots.acquire();
    if (failure || parts.signal.aborted) break;
    const check = new PackCheck({ indexed, sizeBytes, parts, blobSlots, damaged });
    const task = check.run().then(
      () => parts.onPack(sizeBytes),
      (error: unknown) => {
        failure ??= { error };
      },
    );
    running.add(task);
    void task.finally(() => {
      running.delete(task);
      packSlots.release();
    });
  }
  await Promise.all(running);
  if (failure) throw failure.error;
  parts.signal.throwIfAborted();
  return damaged;
}

/** Names a blob in one pack: it may be whole in another. */
export function blobKey(pack: string, { type, id }: Pick<PackedBlob, 'type' | 'id'>): string {
  return `${pack}:${type}:${id}`;
}

interface PackCheckOptions {
  readonly indexed: IndexedPack;
  readonly sizeBytes: number;
  readonly parts: DataCheckParts;
  readonly blobSlots: Slots;
  readonly damaged: Set<string>;
}

class PackCheck {
  readonly #options: PackCheckOptions;

  constructor(options: PackCheckOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { indexed, sizeBytes, parts } = this.#options;
    try {
      const bytes = await loadPack({ id: indexed.id, sizeBytes }, parts);
      if (hash('sha256', bytes) !== indexed.id) this.#add('is damaged: its content does not match its name');
      await this.#checkHeader(bytes);
      await Promise.all(indexed.blobs.map((blob) => this.#checkBlob(blob, bytes)));
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      parts.damages.add(error.message);
      for (const blob of indexed.blobs) this.#options.damaged.add(blobKey(indexed.id, blob));
    }
  }

  #add(problem: string): void {
    this.#options.parts.damages.add(`The pack ${shortId(this.#options.indexed.id)} ${problem}.`);
  }

  async #checkHeader(bytes: Buffer): Promise<void> {
    const { indexed, parts } = this.#options;
    const memory: Pick<Store, 'load'> = {
      load: async (_file, range) => bytes.subarray(range?.offset ?? 0, range && range.offset + range.length),
    };
    try {
      const header = await readPackHeader(
        { store: memory, sealing: parts.sealing },
        { id: indexed.id, sizeBytes: bytes.length },
      );
      if (!sameBlobs(header, indexed.blobs)) this.#add('has a header that does not match the index');
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      parts.damages.add(error.message);
    }
  }

  async #checkBlob(blob: PackedBlob, bytes: Buffer): Promise<void> {
    const { indexed, parts, blobSlots, damaged } = this.#options;
    await blobSlots.run(async () => {
      parts.signal.throwIfAborted();
      try {
        const sealed = bytes.subarray(blob.offset, blob.offset + blob.length);
        await openBlob(parts.sealing, { ...blob, pack: indexed.id }, sealed);
      } catch (error) {
        if (!isFailure(error, 'RepositoryDamaged')) throw error;
        parts.damages.add(error.message);
        damaged.add(blobKey(indexed.id, blob));
      }
    });
  }
}

async function loadPack({ id, sizeBytes }: PackFile, { store, signal }: DataCheckParts): Promise<Buffer> {
  if (sizeBytes > maxPackBytes) {
    throw new Failure('RepositoryDamaged', `The pack ${shortId(id)} is damaged: it has ${sizeBytes} bytes.`);
  }
  const bytes = await store.load({ type: 'data', name: id }, undefined, signal);
  if (bytes) return bytes;
  throw new Failure('RepositoryDamaged', `The pack ${shortId(id)} is missing.`);
}

/** Blobs in the order of their offsets; a header has no offsets of its own. */
function sameBlobs(header: readonly PackedBlob[], indexed: readonly PackedBlob[]): boolean {
  return (
    header.length === indexed.length &&
    header.every((blob, position) => {
      const other = indexed[position];
      return (
        other?.id === blob.id &&
        other.type === blob.type &&
        other.offset === blob.offset &&
        other.length === blob.length &&
        (other.uncompressedLength ?? 0) === (blob.uncompressedLength ?? 0)
      );
    })
  );
}
