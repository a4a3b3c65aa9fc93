import { Failure } from '../../contracts/failures.ts';
import { shortId } from '../ids.ts';
import type { IndexedPack } from '../index/blob-index.ts';
import { decodeIndex, fullIndexBlobs } from '../index/index-file.ts';
import type { Repository } from '../repository.ts';
import { damaged, type SealedFiles } from '../sealed-files.ts';
import { IndexWriter } from '../writer/index-writer.ts';
import { marksOf, saveMarks } from './marked-packs.ts';
import type { PrunePlan } from './plan.ts';

/** Packs that the index is to name no more, and marks that are to stay. */
export type DroppedPacks = Pick<PrunePlan, 'remove' | 'repack' | 'missing' | 'marks' | 'isDelayed' | 'nowMs'>;

export interface RewrittenIndex {
  /** Names of the index files that the new ones stand in for. */
  readonly obsolete: readonly string[];
}

/**
 * Writes index files that stand in for those that name a pack which goes, and for small ones. Removes nothing.
 */
export async function rewriteIndex(
  { store }: Repository,
  {
    plan,
    files,
    signal,
  }: { readonly plan: DroppedPacks; readonly files: SealedFiles; readonly signal: AbortSignal },
): Promise<RewrittenIndex> {
  const names = (await Array.fromAsync(store.list('index', signal))).map(({ name }) => name);
  const writer = new IndexWriter(files);
  const written = new Set<string>();
  const obsolete: string[] = [];
  const marks = [...plan.marks];
  for (const name of names) {
    const packs = await loadIndexFile(files, name, signal);
    const hasMarks = (await marksOf(files, name, signal)).length > 0;
    const kept = packs.filter(({ id }) => !isDropped(plan, id));
    const blobs = packs.reduce((sum, pack) => sum + pack.blobs.length, 0);
    if (!hasMarks && kept.length === packs.length && blobs >= fullIndexBlobs / 2) continue;
    obsolete.push(name);
    if (plan.isDelayed)
      marks.push(
        ...packs.filter(({ id }) => isLeft(plan, id)).map((pack) => ({ ...pack, markedMs: plan.nowMs })),
      );
    for (const pack of kept) {
      // What two files say alike is written once; what they say differently is kept, as it was.
      const key = `${pack.id}:${pack.blobs.length}`;
      if (written.has(key)) continue;
      written.add(key);
      writer.add(pack);
    }
    if (writer.isFull) await writer.write(signal);
  }
  await writer.write(signal);
  await saveMarks(files, [...new Map(marks.map((pack) => [pack.id, pack])).values()], signal);
  return { obsolete };
}

/**
 * Reads the index files that will stay and makes sure that every needed blob is in one of them, in a pack that
 * stays. The last step before anything is removed.
 * @throws {Failure} Internal naming a blob that would be lost
 */
export async function assertComplete(
  { store }: Repository,
  {
    plan,
    files,
    obsolete,
    signal,
  }: {
    readonly plan: PrunePlan;
    readonly files: SealedFiles;
    readonly obsolete: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const [lost, found] = [0, 1];
  const stored = new Set<string>();
  for await (const { name } of store.list('data', signal)) if (!isDropped(plan, name)) stored.add(name);
  plan.needed.setAll(lost);
  const leftOut = new Set(obsolete);
  for await (const { name } of store.list('index', signal)) {
    if (leftOut.has(name)) continue;
    for (const pack of await loadIndexFile(files, name, signal)) {
      if (!stored.has(pack.id)) continue;
      for (const { type, id } of pack.blobs) if (plan.needed.has(type, id)) plan.needed.set(type, id, found);
    }
  }
  for (const { type, id } of plan.needed.withNumber(lost)) {
    throw new Failure(
      'Internal',
      `The new index lacks the ${type} blob ${shortId(id)}. Nothing was removed.`,
    );
  }
}

/** Whether a pack leaves the index, and is in the store. */
function isLeft({ remove, repack }: DroppedPacks, pack: string): boolean {
  return remove.has(pack) || repack.has(pack);
}

/** Whether a pack is no longer to be named. */
function isDropped({ remove, repack, missing }: DroppedPacks, pack: string): boolean {
  return remove.has(pack) || repack.has(pack) || missing.has(pack);
}

async function loadIndexFile(
  files: SealedFiles,
  name: string,
  signal: AbortSignal,
): Promise<readonly IndexedPack[]> {
  const json = await files.load('index', name, signal);
  const packs = json && decodeIndex(json);
  if (!packs) throw damaged('index', name, json ? 'it is no index' : 'it has gone under an exclusive lock');
  return packs;
}
