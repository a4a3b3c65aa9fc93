import { hash } from 'node:crypto';
import { Failure } from '../../contracts/failures.ts';
import { isColdClass } from '../../contracts/storage-classes.ts';
import type { PackSum } from '../../contracts/thaw.ts';
import type { ListedType, PackContent, Store, StoredFile } from '../../stores/store.ts';
import { damaged } from '../sealed-files.ts';
import { Background } from '../tasks/background.ts';
import { ByteSlots } from '../tasks/byte-slots.ts';

/** What is copied before what refers to it, so that a copy never refers to what is not there. */
export const copiedTypes: readonly ListedType[] = ['key', 'data', 'index', 'snapshot'];

/** Files on their way at once, and their bytes: a pack has 16 MiB, or up to 128. */
const filesAtOnce = 16;
const bytesAtOnce = 128 * 1024 * 1024;

export interface TypedFile extends StoredFile {
  readonly type: ListedType;
}

export interface Difference {
  /** Files that the second place has not, or has with another size. */
  readonly missing: readonly TypedFile[];
  /** Files that the second place has alone. */
  readonly extra: readonly TypedFile[];
  /** Packs at the second place in a class that a check does not read: to be thawed first, or dear to read. */
  readonly cold: PackSum;
}

/** Compares what lies at two places by names, which are hashes, and sizes. */
export async function differenceOf(from: Store, to: Store, signal: AbortSignal): Promise<Difference> {
  const missing: TypedFile[] = [];
  const extra: TypedFile[] = [];
  const cold = { packs: 0, bytes: 0 };
  for (const type of copiedTypes) {
    const there = new Map<string, number>();
    for await (const { name, sizeBytes, storageClass } of to.list(type, signal)) {
      there.set(name, sizeBytes);
      if (type !== 'data' || !isColdClass(storageClass)) continue;
      cold.packs += 1;
      cold.bytes += sizeBytes;
    }
    for await (const file of from.list(type, signal)) {
      if (there.get(file.name) !== file.sizeBytes) missing.push({ type, ...file });
      there.delete(file.name);
    }
    for (const [name, sizeBytes] of there) extra.push({ type, name, sizeBytes });
  }
  return { missing, extra, cold };
}

export interface FileCopy {
  readonly from: Store;
  readonly to: Store;
  readonly signal: AbortSignal;
  /** Reads each file from its new place, too, where it can be read at once. */
  readonly readBack: boolean;
  /** What a pack holds, which chooses its class; undefined when it is not known. */
  readonly contentOf: (pack: string) => PackContent | undefined;
  readonly onFile: (file: TypedFile) => void;
}

/**
 * Copies files byte for byte, each verified by its name. Those of one type are all there before the first one of the
 * next. What has gone where it is copied from is passed over.
 * @throws {Failure} RepositoryDamaged naming a file whose content is not that of its name
 */
export async function copyFiles(files: readonly TypedFile[], copy: FileCopy): Promise<void> {
  for (const type of copiedTypes) {
    const background = new Background(copy.signal);
    const slots = new ByteSlots(filesAtOnce, bytesAtOnce);
    try {
      for (const file of files) {
        if (file.type !== type) continue;
        const release = await slots.acquire(file.sizeBytes);
        if (background.signal.aborted) break;
        void background.track(copyFile(file, { ...copy, signal: background.signal }).finally(release));
      }
    } finally {
      await background.settle();
    }
    background.throwIfStopped();
  }
}

async function copyFile(
  file: TypedFile,
  { from, to, signal, readBack, contentOf, onFile }: FileCopy,
): Promise<void> {
  const { type, name } = file;
  const bytes = await from.load({ type, name }, undefined, signal);
  if (bytes === undefined) return;
  if (hash('sha256', bytes) !== name) throw damaged(type, name, 'its content does not match its name');
  const holds = type === 'data' ? contentOf(name) : undefined;
  // The service compares what it takes with the hash.
  const copied = { type, name, sha256: name, ...(holds !== undefined && { holds }) };
  if ((await to.save(copied, [bytes], signal)) === 'exists') {
    // A name that is taken holds the same bytes, or a part that something else than a store has left.
    if ((await to.size({ type, name }, signal)) !== bytes.length) {
      await to.remove({ type, name }, signal);
      await to.save(copied, [bytes], signal);
    }
  }
  const isFrozen = to.freezesData === true && holds === 'data';
  if (readBack && !isFrozen) await assertWhole(to, file, signal);
  onFile(file);
}

/** @throws {Failure} ObjectArchived naming how much of what is to be copied has to be thawed first */
export function assertReadable(files: readonly TypedFile[], { location }: Store): void {
  const frozen = files.filter(({ reach = 'readable' }) => reach !== 'readable');
  if (frozen.length === 0) return;
  const megabytes = Math.ceil(frozen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6);
  throw new Failure(
    'ObjectArchived',
    `Of what is to be moved, ${frozen.length} packs (${megabytes} MB) lie in an archive class of ${location}.`,
    { advice: 'Add --thaw bulk, standard or expedited: they are asked for, waited for, and moved.' },
  );
}

/** @throws {Failure} StoreUnavailable when a file is not what its name says */
export async function assertWhole(
  store: Store,
  { type, name }: Pick<TypedFile, 'type' | 'name'>,
  signal: AbortSignal,
): Promise<void> {
  const bytes = await store.load({ type, name }, undefined, signal);
  if (bytes !== undefined && hash('sha256', bytes) === name) return;
  const what = bytes === undefined ? 'is not there' : 'has other bytes';
  throw new Failure(
    'StoreUnavailable',
    `The ${type} file ${name} ${what} at ${store.location} after it was copied.`,
    {
      advice: 'Run the same command again; if it stays, look at the service that holds the new place.',
    },
  );
}
