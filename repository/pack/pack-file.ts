import type { PackContent, StoreFile } from '../../stores/store.ts';
import type { ListedPack } from '../index/blob-index.ts';

/** A pack, and what it holds where its blobs do not tell. */
export interface NewPack extends ListedPack {
  readonly holds?: PackContent | undefined;
}

/** A new pack as the store gets it. Packs that we write hold blobs of one type. */
export function packFile({ id, blobs: [first], holds = first?.type }: NewPack): StoreFile {
  return { type: 'data', name: id, sha256: id, ...(holds !== undefined && { holds }) };
}
