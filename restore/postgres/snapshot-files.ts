import { manifestFile } from '../../sources/describing-files.ts';
import { type PostgresManifest, parseManifest } from '../../sources/postgres/manifest.ts';
import type { SnapshotWork } from '../database-restorer.ts';
import { manifestBytes } from '../snapshot-files.ts';

/** @throws {Failure} SourceUnsupported when the snapshot was not made of this source; RepositoryDamaged */
export async function readManifest(source: string, work: SnapshotWork): Promise<PostgresManifest> {
  return parseManifest(await manifestBytes(source, manifestFile, work));
}
