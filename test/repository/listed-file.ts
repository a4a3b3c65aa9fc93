import { lstatSync } from 'node:fs';
import { metadataOfStat } from '../../repository/archive/stat-metadata.ts';
import type { FileToSave } from '../../repository/blobs.ts';

/** A file as a source lists it. */
export function listedFile(path: string): FileToSave {
  const stat = lstatSync(path, { bigint: true });
  return { path: Buffer.from(path), metadata: metadataOfStat(stat, { user: () => 'u', group: () => 'g' }) };
}
