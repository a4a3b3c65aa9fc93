import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { BlobReader } from '../blobs.ts';
import type { TreeNode } from '../tree/node.ts';
import { contentParts } from './content-parts.ts';
import { hasContent } from './existing-file.ts';

/** Reads a restored file again and compares it with its blobs; tells what is wrong, or undefined. */
export async function contentProblem(
  path: Buffer,
  node: TreeNode,
  { reader, signal }: { readonly reader: BlobReader; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat({ bigint: true });
    if (size !== (node.size ?? 0n)) return `it has ${size} bytes instead of ${node.size ?? 0n}`;
    for (const part of contentParts(node, reader)) {
      signal.throwIfAborted();
      if (!(await hasContent(handle, part))) return `its content from byte ${part.position} on is another`;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}
