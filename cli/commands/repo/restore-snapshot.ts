import { resolve } from 'node:path';
import type { Warning } from '../../../contracts/jobs.ts';
import type { Repository } from '../../../repository/repository.ts';
import type { OverwriteMode } from '../../../repository/restore/existing-file.ts';
import { previewRestore, type RestorePreview } from '../../../repository/restore/preview.ts';
import type { RestoreRequest, RestoreTotals } from '../../../repository/restore/request.ts';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { type AdaptOptions, nodeAdapter } from '../../adapted-nodes.ts';
import type { CommandContext } from '../../context.ts';
import { type ExcludeOptions, excludePatterns } from '../../exclude-options.ts';
import { type IncludeOptions, includePatterns } from '../../include-options.ts';
import { includedPaths } from '../../included-paths.ts';
import { formatBytes, formatCount, formatDuration, formatQuantity, shortId } from '../../output/format.ts';
import { printable } from '../../output/printable.ts';
import type { ProgressBoard } from '../../output/progress-board.ts';
import { tolerantPrices } from '../../prices.ts';
import type { RepositorySelection } from '../../repository-access.ts';
import { findSnapshotFolder, type SnapshotFolder } from '../../snapshot-folder.ts';
import type { SnapshotOptions } from '../../snapshot-options.ts';
import { pathMatcher } from '../../sources.ts';
import { storeOptions, thawOf } from '../../store-options.ts';
import { type ThawOptions, thawBeforeRestore } from '../../thaw.ts';
import { WarningList } from '../../warning-list.ts';

export interface RestoreOptions
  extends RepositorySelection,
    SnapshotOptions,
    IncludeOptions,
    ExcludeOptions,
    AdaptOptions,
    ThawOptions {
  readonly target: string;
  readonly overwrite?: OverwriteMode;
  readonly delete?: boolean;
  readonly verify?: boolean;
  readonly dryRun?: boolean;
  readonly verbose: number;
}

export interface Restored extends RestoreTotals {
  readonly snapshot: string;
  readonly target: string;
  readonly status: 'done' | 'partial';
  /** The first 100; `warningCount` counts all. */
  readonly warnings: readonly Warning[];
  readonly warningCount: number;
  readonly seconds: number;
}

export interface Preview extends RestorePreview {
  readonly snapshot: string;
  readonly target: string;
  readonly dryRun: true;
}

export interface Request {
  readonly context: CommandContext;
  readonly id: string;
  readonly options: RestoreOptions;
  readonly board: ProgressBoard;
  readonly signal: AbortSignal;
}

/** Restores what the command line means. */
export async function restoreSnapshot(repository: Repository, request: Request): Promise<Restored> {
  const { board, context, options, signal } = request;
  const note = (text: string): void => board.note(text);
  const { folder, restore } = await toRestoreRequest(repository, request);
  await thawBeforeRestore(
    repository,
    { tree: restore.tree, include: restore.include ?? [] },
    {
      options: { ...thawOf(storeOptions(options.option)), ...options },
      signal,
      note,
      prices: await tolerantPrices(context, options, note),
    },
  );
  const startedAtMs = performance.now();
  const { summary } = folder.snapshot;
  const isWhole = folder.isWhole && !restore.include && !restore.exclude && summary !== undefined;
  const totals = isWhole
    ? { totalBytes: summary.totalBytesProcessed, totalFiles: summary.totalFilesProcessed }
    : {};
  const warnings = new WarningList(board);
  const row = board.row('restore');
  try {
    const restored = await restoreTree({
      ...restore,
      signal,
      onProgress: (progress) => row.update({ phase: 'restore', bytesStored: 0, ...totals, ...progress }),
      onWarning: (warning) => warnings.add(warning),
    });
    return {
      snapshot: folder.snapshot.id,
      target: restore.target,
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

/** Tells what would be restored; names what would be removed, and with --verbose the rest. */
export async function previewSnapshot(repository: Repository, request: Request): Promise<Preview> {
  const { board, options, context } = request;
  const { folder, restore } = await toRestoreRequest(repository, request);
  const preview = await previewRestore(restore, (action, path) => {
    const level = { delete: 0, create: 1, update: 1, skip: 2, unchanged: 2 }[action];
    if (options.verbose < level) return;
    if (context.output.json) void context.output.event('item', { action, path });
    else board.note(`${action.padEnd(9)} ${printable(path)}`);
  });
  return { snapshot: folder.snapshot.id, target: restore.target, dryRun: true, ...preview };
}

async function toRestoreRequest(
  repository: Repository,
  { context, id, options, signal }: Request,
): Promise<{ readonly folder: SnapshotFolder; readonly restore: RestoreRequest }> {
  await repository.loadIndex(signal);
  const folder = await findSnapshotFolder(repository, id, options, signal);
  const include = await includedPaths(repository, folder.tree, includePatterns(context, options), signal);
  const { exclude, iexclude } = excludePatterns(context, options);
  const matchers = [pathMatcher(exclude), pathMatcher(iexclude, true)];
  const isExcluding = exclude.length + iexclude.length > 0;
  const adapt = nodeAdapter(options);
  const restore: RestoreRequest = {
    reader: repository,
    tree: folder.tree,
    target: resolve(context.cwd, options.target),
    ...(include === undefined ? {} : { include }),
    ...(isExcluding ? { exclude: (path: string) => matchers.some((matches) => matches(path)) } : {}),
    ...(options.overwrite === undefined ? {} : { overwrite: options.overwrite }),
    ...(adapt === undefined ? {} : { adapt }),
    deleteExtra: options.delete === true,
    verify: options.verify === true,
    signal,
  };
  return { folder, restore };
}

export function renderRestored(restored: Restored): string {
  const { snapshot, target, files, bytes, seconds, warningCount } = restored;
  const what = `${formatQuantity(files, 'file')}, ${formatBytes(bytes)} of snapshot ${shortId(snapshot)}`;
  const { filesSkipped, bytesSkipped, deleted } = restored;
  return [
    `Restored ${what} to ${target} in ${formatDuration(seconds * 1000)}`,
    ...(filesSkipped + bytesSkipped > 0
      ? [
          `Left as they were: ${formatQuantity(filesSkipped, 'file')}; ${formatBytes(bytesSkipped)} were right already`,
        ]
      : []),
    ...(deleted > 0 ? [`Removed ${formatQuantity(deleted, 'item')} that the snapshot does not have`] : []),
    ...(warningCount > 0 ? [`In part: ${formatQuantity(warningCount, 'warning')}`] : []),
  ].join('\n');
}

export function renderPreview({ counts, bytes, target, snapshot }: Preview): string {
  const parts = Object.entries(counts).map(([action, count]) => `${action} ${formatCount(count)}`);
  return `Of snapshot ${shortId(snapshot)} in ${target}: ${parts.join(', ')}; ${formatBytes(bytes)} to write\nNothing was changed: this was a dry run`;
}
