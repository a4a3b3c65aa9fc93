import { Failure, isFailure } from '../contracts/failures.ts';
import { BlobNumbers } from './blob-numbers.ts';
import type { BlobType } from './blobs.ts';
import { Compressor } from './compression.ts';
import { shortId } from './ids.ts';
import type { IndexedPack } from './index/blob-index.ts';
import { addUsedBlobs } from './prune/used-blobs.ts';
import { contentOf, verifiedBlobs } from './repack/copy-blobs.ts';
import { fillPacks } from './repack/pack-filler.ts';
import { isPlainTree } from './repack/plain-tree.ts';
import type { Repository } from './repository.ts';
import { type Failpoint, SealedFiles } from './sealed-files.ts';
import type { NewSnapshot, Snapshot } from './snapshot.ts';
import { findUnindexedPacks } from './writer/adoption.ts';
import { IndexWriter } from './writer/index-writer.ts';

/** restic's size. */
const defaultPackBytes = 16 * 1024 * 1024;

export interface CopyOptions {
  readonly from: Repository;
  readonly to: Repository;
  /** Of the repository that is copied from. */
  readonly snapshots: readonly Snapshot[];
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Told of a snapshot that is damaged where it is, and passed over; without it, the first one ends the copying. */
  readonly onDamage?: (snapshot: Snapshot, failure: Failure) => void;
  readonly packSizeBytes?: number;
  /** Finds the data blobs that tell what the dumps of a snapshot hold: they stay readable where the rest is frozen. */
  readonly describing?: (snapshot: Snapshot) => Promise<readonly string[]>;
  readonly failpoint?: Failpoint;
}

export interface CopyProgress {
  readonly snapshotsDone: number;
  readonly snapshotsTotal: number;
  /** Sealed bytes that were copied. */
  readonly bytesDone: number;
}

export interface CopyResult {
  readonly copied: readonly { readonly source: string; readonly snapshot: string }[];
  /** Ids of snapshots that were there already. */
  readonly skipped: readonly string[];
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Copies snapshots into a repository with another key: each blob that it lacks is verified, sealed by its key and
 * indexed before the snapshot that needs it is written. A copy names the snapshot that it is of as `original`, and
 * one that is there is passed over; so a copy that was stopped goes on where it was. The caller holds a shared lock
 * on each of the two.
 * @throws {Failure} RepositoryDamaged naming what cannot be read
 */
export async function copySnapshots(options: CopyOptions): Promise<CopyResult> {
  const { from, to, signal, onProgress } = options;
  await Promise.all([from.loadIndex(signal), to.loadIndex(signal)]);
  const present = new Set<string>();
  for await (const snapshot of to.snapshots(signal)) present.add(identity(snapshot));
  const wanted = options.snapshots.filter((snapshot) => !present.has(identity(snapshot)));
  const skipped = options.snapshots.filter((snapshot) => present.has(identity(snapshot))).map(({ id }) => id);
  const copied: { readonly source: string; readonly snapshot: string }[] = [];
  if (wanted.length > 0) await adoptStored(options);
  let [blobs, bytes] = [0, 0];
  let seen = new BlobNumbers();
  for (const snapshot of wanted) {
    const report = (count: number): void => {
      blobs += 1;
      bytes += count;
      onProgress?.({ snapshotsDone: copied.length, snapshotsTotal: wanted.length, bytesDone: bytes });
    };
    try {
      await addUsedBlobs(seen, { reader: from, tree: snapshot.tree }, signal);
      const descriptions = await descriptionsOf(options, snapshot);
      await copyMissing(options, { seen, descriptions }, report);
    } catch (error) {
      if (!isFailure(error, 'RepositoryDamaged') || !options.onDamage) throw error;
      options.onDamage(snapshot, error);
      // What was on its way when it ended is not there, whatever the marks say.
      seen = new BlobNumbers();
      continue;
    }
    await to.loadIndex(signal);
    copied.push({ source: snapshot.id, snapshot: await to.commitSnapshot(copyOf(snapshot), signal) });
  }
  return { copied, skipped, blobs, bytes };
}

async function descriptionsOf(
  { to, describing }: CopyOptions,
  snapshot: Snapshot,
): Promise<ReadonlySet<string>> {
  if (to.store.freezesData !== true || describing === undefined) return new Set();
  return new Set(await describing(snapshot));
}

/** Indexes what a copy that was killed has stored, so that it is not sent again. */
async function adoptStored({ to, signal, failpoint }: CopyOptions): Promise<void> {
  const packs = await findUnindexedPacks(to, signal);
  const index = new IndexWriter(filesOf(to, failpoint));
  for (const pack of packs) {
    to.index.addPack(pack);
    index.add(pack);
  }
  if (packs.length > 0) await index.write(signal);
}

function filesOf({ store, sealing }: Repository, failpoint: Failpoint | undefined): SealedFiles {
  return new SealedFiles({ store, sealing, compressor: new Compressor('default'), failpoint });
}

/** Marks of blobs: to be looked at, and known to be in the other repository. */
const [fresh, there] = [0, 1];

/** Copies what was seen and is not in the other repository, and writes an index of it. */
async function copyMissing(
  { from, to, signal, failpoint, packSizeBytes = defaultPackBytes }: CopyOptions,
  { seen, descriptions }: { readonly seen: BlobNumbers; readonly descriptions: ReadonlySet<string> },
  onBlob: (bytes: number) => void,
): Promise<void> {
  const packs = new Set<string>();
  for (const { type, id } of seen.withNumber(fresh)) {
    if (to.hasBlob(type, id)) seen.set(type, id, there);
    else {
      const [place] = from.index.locate(type, id);
      if (!place) throw missing(type, id);
      packs.add(place.pack);
    }
  }
  if (packs.size === 0) return;
  const wanted = function* (): Generator<IndexedPack> {
    for (const { id: pack, blobs } of from.index.blobsByPack()) {
      if (!packs.has(pack)) continue;
      yield { id: pack, blobs: blobs.filter(({ type, id }) => claim(seen, type, id)) };
    }
  };
  const { store, sealing } = to;
  const files = filesOf(to, failpoint);
  const opening = { sealing: from.sealing, compressor: new Compressor('default') };
  await fillPacks({ store, sealing, files, packBytes: packSizeBytes, failpoint, signal }, async (filler) => {
    for await (const blob of verifiedBlobs(from.sealedFor(to), wanted(), { signal })) {
      if (isPlainTree(blob.source)) await filler.add('tree', await contentOf(opening, blob));
      else {
        const { type, id } = blob.source;
        const isDescription = type === 'data' && descriptions.has(id);
        await filler.addSealed(blob.source, blob.sealed, isDescription ? 'description' : type);
      }
      onBlob(blob.source.length);
    }
  });
}

/** Whether this copy of a blob is the one to be copied. */
function claim(seen: BlobNumbers, type: BlobType, id: string): boolean {
  if (seen.get(type, id) !== fresh) return false;
  seen.set(type, id, there);
  return true;
}

function missing(type: BlobType, id: string): Failure {
  return new Failure(
    'RepositoryDamaged',
    `No index names the ${type} blob ${shortId(id)} that is to be copied.`,
  );
}

/** A copy has no parent, and remembers what it is a copy of. */
function copyOf({ id, parent: _parent, ...snapshot }: Snapshot): NewSnapshot {
  return { ...snapshot, original: snapshot.original ?? id };
}

/** Equal for a snapshot and its copies, as long as nobody has changed their tags. */
function identity({ id, original, time, tree, tags, hostname, paths }: Snapshot): string {
  const sets = [tags.toSorted(), paths.toSorted()];
  return JSON.stringify([original ?? id, Date.parse(time), tree, hostname, ...sets]);
}
