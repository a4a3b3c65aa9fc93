import { resolve } from 'node:path';
import type { Warning } from '../../../contracts/jobs.ts';
import type { Repository } from '../../../repository/repository.ts';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { auditedRepository } from '../../audit.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { partialExitCode } from '../../failure.ts';
import { repeatable } from '../../option-values.ts';
import { formatBytes, formatDuration, formatQuantity, shortId } from '../../output/format.ts';
import { createProgressBoard, type ProgressBoard } from '../../output/progress.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../../snapshot-options.ts';
import { WarningList } from '../../warning-list.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly target: string;
  readonly include?: readonly string[];
  readonly overwrite?: boolean;
}

interface Restored {
  readonly snapshot: string;
  readonly target: string;
  readonly status: 'done' | 'partial';
  readonly files: number;
  readonly bytes: number;
  /** The first 100; `warningCount` counts all. */
  readonly warnings: readonly Warning[];
  readonly warningCount: number;
  readonly seconds: number;
}

export function defineRepoRestore({ parent, run }: Definition): void {
  const command = parent
    .command('restore')
    .description('restore a snapshot into a folder, straight from a repository')
    .argument('<snapshot>', 'first digits of its id, or "latest"')
    .requiredOption('--target <folder>', 'folder that becomes the root; new or empty')
    .option('--include <path>', 'only this absolute path and what is below it; repeatable', repeatable)
    .option('--overwrite', 'replace files in a target that is not empty; keep what is not in the snapshot');
  addSnapshotOptions(addRepositoryOptions(command)).action(
    run(restore, {
      action: 'repo.restore',
      subjects: (_id, options) => [auditedRepository(options)],
      detail: (snapshot, { target }) => ({ snapshot, target }),
    }),
  );
  withExamples(command, [
    ['resguardo repo restore latest --target /tmp/all --repo /srv/backup', 'the newest snapshot'],
    [
      'resguardo repo restore 1a2b3c4d --target / --include /etc/ssh --overwrite --repo /srv/backup',
      'in place',
    ],
  ]);
}

async function restore(context: CommandContext, id: string, options: Options): Promise<number> {
  const { output } = context;
  const board = createProgressBoard({ output });
  try {
    const result = await withLockedRepository(
      context,
      { ...options, purpose: 'read' },
      (repository, signal) => restoreSnapshot(repository, { context, id, options, board, signal }),
    );
    board.close();
    await output.summary(result, renderRestored(result));
    return result.status === 'partial' ? partialExitCode : 0;
  } finally {
    board.close();
  }
}

interface Request {
  readonly context: CommandContext;
  readonly id: string;
  readonly options: Options;
  readonly board: ProgressBoard;
  readonly signal: AbortSignal;
}

async function restoreSnapshot(
  repository: Repository,
  { context, id, options, board, signal }: Request,
): Promise<Restored> {
  const startedAtMs = performance.now();
  const snapshot = await repository.findSnapshot(id, snapshotFilter(options));
  await repository.loadIndex(signal);
  const warnings = new WarningList(board);
  const row = board.row('restore');
  const target = resolve(context.cwd, options.target);
  const isWhole = options.include === undefined;
  const totals = {
    ...(isWhole && snapshot.summary ? { totalBytes: snapshot.summary.totalBytesProcessed } : {}),
    ...(isWhole && snapshot.summary ? { totalFiles: snapshot.summary.totalFilesProcessed } : {}),
  };
  try {
    const restored = await restoreTree({
      reader: repository,
      tree: snapshot.tree,
      target,
      ...(options.include === undefined ? {} : { include: options.include }),
      overwrite: options.overwrite === true,
      signal,
      onProgress: (progress) => row.update({ phase: 'restore', bytesStored: 0, ...totals, ...progress }),
      onWarning: (warning) => warnings.add(warning),
    });
    return {
      snapshot: snapshot.id,
      target,
      status: warnings.count > 0 ? 'partial' : 'done',
      ...restored,
      warnings: warnings.first,
      warningCount: warnings.count,
      seconds: (performance.now() - startedAtMs) / 1000,
    };
  } finally {
    row.finish();
  }
}

function renderRestored({ snapshot, target, files, bytes, seconds, warningCount }: Restored): string {
  const what = `${formatQuantity(files, 'file')}, ${formatBytes(bytes)} of snapshot ${shortId(snapshot)}`;
  const done = `Restored ${what} to ${target} in ${formatDuration(seconds * 1000)}`;
  return warningCount === 0 ? done : `${done}\nIn part: ${formatQuantity(warningCount, 'warning')}`;
}
