import type { CaptureInput } from '../contracts/activities.ts';
import { isFailure } from '../contracts/failures.ts';
import type { CaptureResult, ResolvedSource } from '../contracts/jobs.ts';
import { archive } from '../repository/archive/archiver.ts';
import type { BlobWriter } from '../repository/blobs.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import type { Repository } from '../repository/repository.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import type { Source } from '../sources/source.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';
import { WarningList } from './warning-list.ts';
import { withRepository } from './with-repository.ts';

/** Time that the index of an interrupted run may take; the packs without one are found by the next attempt. */
const lastCheckpointMs = 10_000;

/**
 * Reads a source into its repository, and leaves everything stored and indexed but the snapshot, which is a
 * step of its own. A second attempt uses what an earlier one has stored.
 */
export async function captureSource(
  dependencies: ActivityDependencies,
  { source, runId }: CaptureInput,
  step: Step,
): Promise<CaptureResult> {
  const reader = await dependencies.createSource(source.source);
  try {
    const work = (repository: Repository): Promise<CaptureResult> =>
      withLock(repository, { exclusive: false, signal: step.signal }, (signal) =>
        store({ repository, source, reader, step, signal }),
      );
    return await withRepository(dependencies, source.repository, work, runId);
  } finally {
    await reader.close();
  }
}

interface Capture {
  readonly repository: Repository;
  readonly source: ResolvedSource;
  readonly reader: Source;
  readonly step: Step;
  readonly signal: AbortSignal;
}

async function store({ repository, source, reader, step, signal }: Capture): Promise<CaptureResult> {
  await repository.loadIndex(signal);
  const parent = await findParent(repository, source);
  const expected = parent?.summary;
  if (expected) {
    step.report({ totalBytes: expected.totalBytesProcessed, totalFiles: expected.totalFilesProcessed });
  }
  const writer = await repository.openWriter({ adoptUnindexed: step.attempt > 1, signal });
  const warnings = new WarningList();
  try {
    const { tree, summary } = await archive({
      repository,
      writer,
      roots: reader.capture({
        signal,
        warn: warnings.add,
        onActivity: (current) => step.report({ current }),
      }),
      ...(parent !== undefined && { parentTree: parent.tree }),
      signal,
      onProgress: step.report,
      onWarning: warnings.add,
    });
    await writer.finish(signal);
    return {
      tree,
      ...(parent !== undefined && { parent: parent.id }),
      summary,
      warnings: warnings.first,
      warningCount: warnings.count,
      adoptedPacks: writer.adoptedPacks,
    };
  } catch (error) {
    await keepStored(writer);
    throw error;
  }
}

/** The newest snapshot of the same source on the same host with the same paths. */
async function findParent(repository: Repository, source: ResolvedSource): Promise<Snapshot | undefined> {
  const filter = { source: source.source, hosts: [source.host], paths: source.paths };
  try {
    return await repository.findSnapshot('latest', filter);
  } catch (error) {
    if (isFailure(error, 'SnapshotNotFound')) return undefined;
    throw error;
  }
}

/** Lets the next attempt or run use the packs that are stored already. Never throws: an error is on its way. */
async function keepStored(writer: BlobWriter): Promise<void> {
  await writer.checkpoint(AbortSignal.timeout(lastCheckpointMs)).catch(() => {});
  await writer.abort().catch(() => {});
}
