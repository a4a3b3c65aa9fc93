import type { StoreFile } from '../../stores/store.ts';
import type { IndexedPack } from '../index/blob-index.ts';

/** A new pack as the store gets it. Packs that we write hold blobs of one type. */
export function packFile({ id, blobs: [first] }: IndexedPack): StoreFile {
  return { type: 'data', name: id, sha256: id, ...(first !== undefined && { holds: first.type }) };
}
