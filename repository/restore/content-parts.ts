import { Failure } from '../../contracts/failures.ts';
import type { BlobReader } from '../blobs.ts';
import { shortId } from '../ids.ts';
import type { TreeNode } from '../tree/node.ts';

/** A blob in a file. Bytes of plaintext. */
export interface ContentPart {
  readonly id: string;
  readonly position: number;
  readonly length: number;
}

/** @throws {Failure} RepositoryDamaged when blobs are missing or do not add up to the size of the file */
export function contentParts(node: TreeNode, reader: BlobReader): readonly ContentPart[] {
  const { content } = node;
  if (!content) throw new Failure('RepositoryDamaged', 'Its node has no content.');
  const parts: ContentPart[] = [];
  let position = 0;
  for (const id of content) {
    const length = reader.blobSize('data', id);
    if (length === undefined)
      throw new Failure('RepositoryDamaged', `No index names its data blob ${shortId(id)}.`);
    parts.push({ id, position, length });
    position += length;
  }
  if (BigInt(position) === (node.size ?? 0n)) return parts;
  throw new Failure(
    'RepositoryDamaged',
    `Its blobs have ${position} bytes, its node says ${node.size ?? 0n}.`,
  );
}
