import { Option } from 'commander';
import { blobsPerFile, filesByContents } from '../../../repository/file-statistics.ts';
import type { Repository } from '../../../repository/repository.ts';
import { matchesFilter } from '../../../repository/snapshot-filter.ts';
import { rawData, repositoryStatistics, restoreSize } from '../../../repository/stats.ts';
import { withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { formatBytes, formatCount, formatQuantity } from '../../output/format.ts';
import { renderTable } from '../../output/table.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly mode?: 'restore-size' | 'raw-data' | 'files-by-contents' | 'blobs-per-file';
}

export function defineRepoStats({ parent, run }: Definition): void {
  const command = parent
    .command('stats')
    .description('show how much a repository holds')
    .addOption(
      new Option(
        '--mode <mode>',
        'what snapshots take when restored, or need of the repository; files of the same content once; the blobs of each file at each path',
      ).choices(['restore-size', 'raw-data', 'files-by-contents', 'blobs-per-file']),
    );
  addSnapshotOptions(addRepositoryOptions(command)).action(run(stats));
  withExamples(command, [['resguardo repo stats --repo /srv/backup', 'snapshots, packs, blobs and sizes']]);
}

async function stats(context: CommandContext, options: Options): Promise<number> {
  const { signal, output } = context;
  if (options.mode !== undefined) {
    const { found, text } = await withRepository(context, options, (repository) =>
      ofSnapshots(repository, options, signal),
    );
    await output.result(found, text);
    return 0;
  }
  const found = await withRepository(context, options, (repository) =>
    repositoryStatistics(repository, signal),
  );
  const rows = [
    ['snapshots', formatCount(found.snapshots), formatBytes(found.snapshotBytes)],
    ['blobs, before compression', formatCount(found.blobs), formatBytes(found.blobBytes)],
    ['packs', formatCount(found.packs), formatBytes(found.packBytes)],
    ['index files', formatCount(found.indexFiles), ''],
  ];
  const columns = [
    { title: '' },
    { title: 'Count', align: 'right' as const },
    { title: 'Size', align: 'right' as const },
  ];
  const ratio = `Deduplication and compression: ${found.reductionRatio.toFixed(1)} to 1`;
  await output.result(found, `${renderTable(columns, rows)}\n${ratio}`);
  return 0;
}

/** What the chosen snapshots take: restored, or in the repository. */
async function ofSnapshots(repository: Repository, options: Options, signal: AbortSignal) {
  const all = await Array.fromAsync(repository.snapshots(signal));
  const snapshots = all.filter((snapshot) => matchesFilter(snapshot, snapshotFilter(options)));
  const count = formatQuantity(snapshots.length, 'snapshot');
  if (options.mode === 'restore-size') {
    const found = await restoreSize(repository, snapshots, signal);
    return {
      found,
      text: `${count} restore to ${formatQuantity(found.files, 'file')}, ${formatBytes(found.bytes)}`,
    };
  }
  if (options.mode === 'files-by-contents') {
    const found = await filesByContents(repository, snapshots, signal);
    const text = `${count} have ${formatQuantity(found.files, 'different file')}, ${formatBytes(found.bytes)}`;
    return { found, text };
  }
  if (options.mode === 'blobs-per-file') {
    const found = await blobsPerFile(repository, snapshots, signal);
    const blobs = formatQuantity(found.blobs, 'blob');
    const text = `${count} have ${formatQuantity(found.files, 'file')} with ${blobs}, ${formatBytes(found.bytes)}`;
    return { found, text };
  }
  const found = await rawData(repository, snapshots, signal);
  const sizes = `${formatBytes(found.storedBytes)} stored, ${formatBytes(found.plainBytes)} before compression`;
  return { found, text: `${count} need ${formatQuantity(found.blobs, 'blob')}: ${sizes}` };
}
