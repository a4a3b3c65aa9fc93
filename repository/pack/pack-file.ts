import type { StoreFile } from '../../stores/store.ts';
import type { ListedPack } from '../index/blob-index.ts';

/** A new pack as the store gets it. Packs that we write hold blobs of one type. */
export function packFile({ id, blobs: [first] }: ListedPack): StoreFile {
  return { type: 'data', name: id, sha256: id, ...(first !== undefined && { holds: first.type }) };
}
