import type { BackupSummary, Warning } from '../../contracts/jobs.ts';
import type { ArchiveRequest } from '../../repository/archive/archive-request.ts';
import { archive } from '../../repository/archive/archiver.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import type { Repository } from '../../repository/repository.ts';
import { createFilesSource, type FilesSourceOptions } from '../../sources/files/source.ts';

export interface BackedUp {
  readonly snapshot: string;
  readonly tree: string;
  readonly summary: BackupSummary;
  readonly warnings: readonly Warning[];
}

/** Stores files as one snapshot, as the activities do. */
export async function backUpFiles(
  repository: Repository,
  options: FilesSourceOptions,
  more: Partial<ArchiveRequest> = {},
): Promise<BackedUp> {
  const source = createFilesSource(options);
  const { signal } = new AbortController();
  await source.preflight(signal);
  const warnings: Warning[] = [];
  const roots = source.capture({ signal, warn: (warning) => warnings.push(warning) });
  const stored = await backUpEntries(repository, roots, {
    ...more,
    onWarning: (warning) => warnings.push(warning),
  });
  const snapshot = await repository.commitSnapshot({
    time: new Date().toISOString(),
    tree: stored.tree,
    paths: source.paths,
    hostname: 'test-host',
    username: 'tester',
    tags: [],
    programVersion: 'resguardo test',
  });
  return { ...stored, snapshot, warnings };
}

/** Stores entries, without a snapshot. */
export async function backUpEntries(
  repository: Repository,
  roots: AsyncIterable<Entry> | Iterable<Entry>,
  more: Partial<ArchiveRequest> = {},
): Promise<{ readonly tree: string; readonly summary: BackupSummary }> {
  const writer = await repository.openWriter({ adoptUnindexed: true });
  try {
    const result = await archive({
      repository,
      writer,
      roots,
      signal: new AbortController().signal,
      ...more,
    });
    await writer.finish();
    return result;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
