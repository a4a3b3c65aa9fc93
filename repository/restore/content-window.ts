import type { BlobLocation } from '../index/blob-index.ts';
import { packRuns } from '../pack/pack-runs.ts';
import type { ExtendedAttribute } from '../tree/node.ts';
import { type ContentJob, noBlob, ownerFields, placeFields } from './content-job.ts';
import type { MetadataProblem, RestoredMetadata } from './metadata.ts';

/** Where a blob goes: into a file that is made with it, or into an open one. */
export type ContentTarget =
  | { readonly kind: 'file'; readonly path: Buffer; readonly metadata: RestoredMetadata }
  | { readonly kind: 'part'; readonly descriptor: number; readonly position: number };

/** Content that is to be written. */
export interface ContentItem {
  /** Undefined for an empty file. */
  readonly blob: BlobLocation | undefined;
  readonly target: ContentTarget;
  readonly written: PromiseWithResolvers<readonly MetadataProblem[]>;
  /** Places of the blob that were tried. */
  readonly attempts: number;
}

/** Items whose blobs lie in one pack, few enough for one job. Empty files are in a batch without a pack. */
export interface ContentBatch {
  readonly pack: string;
  readonly items: readonly ContentItem[];
}

const batchBytes = 4 * 1024 * 1024;
const batchItems = 256;
/** What a job reads at once. */
const readBytes = batchBytes;

/** Puts items together that lie side by side in a pack, in the order of the packs' first items. */
export function* batchesOf(items: readonly ContentItem[]): Generator<ContentBatch> {
  for (const [pack, ofPack] of Map.groupBy(items, ({ blob }) => blob?.pack ?? '')) {
    ofPack.sort((a, b) => offsetOf(a) - offsetOf(b));
    let batch: ContentItem[] = [];
    let bytes = 0;
    for (const item of ofPack) {
      const length = offsetOf(item) === offsetOf(batch.at(-1)) ? 0 : (item.blob?.length ?? 0);
      if (batch.length === batchItems || (batch.length > 0 && bytes + length > batchBytes)) {
        yield { pack, items: batch };
        [batch, bytes] = [[], 0];
      }
      batch.push(item);
      bytes += length;
    }
    yield { pack, items: batch };
  }
}

/** A job without the bytes of its pack, and the items in the order of its columns. */
export interface PlannedJob {
  readonly job: Omit<ContentJob, 'runs'>;
  readonly runs: readonly { readonly offset: number; readonly end: number }[];
  readonly blobs: readonly BlobLocation[];
  readonly files: readonly ContentItem[];
  readonly parts: readonly ContentItem[];
}

export function planJob({ pack, items }: ContentBatch): PlannedJob {
  const blobs: BlobLocation[] = [];
  const numbered = items.map((item) => {
    const { blob } = item;
    if (blob && blob.offset !== blobs.at(-1)?.offset) blobs.push(blob);
    return { item, number: blob ? blobs.length - 1 : noBlob };
  });
  const files = numbered.filter(({ item }) => item.target.kind === 'file');
  const parts = numbered.filter(({ item }) => item.target.kind === 'part');
  const numbers = (of: typeof numbered) => Uint32Array.from(of, ({ number }) => number);
  return {
    job: {
      pack,
      blobs: blobColumns(blobs),
      files: { ...fileColumns(files.map(({ item }) => item.target)), blobs: numbers(files) },
      parts: { ...partColumns(parts.map(({ item }) => item.target)), blobs: numbers(parts) },
    },
    runs: packRuns(blobs, readBytes),
    blobs,
    files: files.map(({ item }) => item),
    parts: parts.map(({ item }) => item),
  };
}

function offsetOf(item: ContentItem | undefined): number {
  return item?.blob?.offset ?? -1;
}

function blobColumns(blobs: readonly BlobLocation[]): ContentJob['blobs'] {
  const places = new Uint32Array(blobs.length * placeFields);
  for (const [number, { offset, length, uncompressedLength = 0 }] of blobs.entries()) {
    places.set([offset, length, uncompressedLength], number * placeFields);
  }
  return { ids: blobs.map(({ id }) => id), places };
}

function fileColumns(targets: readonly ContentTarget[]): Omit<ContentJob['files'], 'blobs'> {
  const paths: string[] = [];
  const owners = new Uint32Array(targets.length * ownerFields);
  const times: bigint[] = [];
  const attributes = new Map<number, readonly ExtendedAttribute[]>();
  for (const [file, target] of targets.entries()) {
    if (target.kind !== 'file') continue;
    const { mode, uid, gid, atimeNs, mtimeNs, extendedAttributes } = target.metadata;
    paths.push(target.path.toString('latin1'));
    owners.set([mode, uid, gid], file * ownerFields);
    times.push(atimeNs, mtimeNs);
    if (extendedAttributes) attributes.set(file, extendedAttributes);
  }
  return { paths, owners, times, attributes };
}

function partColumns(targets: readonly ContentTarget[]): Omit<ContentJob['parts'], 'blobs'> {
  const parts = targets.filter((target) => target.kind === 'part');
  return {
    descriptors: Uint32Array.from(parts, ({ descriptor }) => descriptor),
    positions: Float64Array.from(parts, ({ position }) => position),
  };
}
