import type { Repository } from '../../../repository/repository.ts';
import { withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { formatBytes, formatCount } from '../../output/format.ts';
import { renderTable } from '../../output/table.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';

/** What a repository holds. Sizes in bytes. */
interface RepositoryStatistics {
  readonly snapshots: number;
  /** Sum over the snapshots that know their size. */
  readonly snapshotBytes: number;
  readonly packs: number;
  readonly packBytes: number;
  readonly indexFiles: number;
  readonly blobs: number;
  /** Before compression. */
  readonly blobBytes: number;
  /** How often each stored byte is used: snapshots over packs. */
  readonly reductionRatio: number;
}

export function defineRepoStats({ parent, run }: Definition): void {
  const command = addRepositoryOptions(
    parent.command('stats').description('show how much a repository holds'),
  ).action(run(stats));
  withExamples(command, [['resguardo repo stats --repo /srv/backup', 'snapshots, packs, blobs and sizes']]);
}

async function stats(context: CommandContext, options: RepositorySelection): Promise<number> {
  const { signal, output } = context;
  const found = await withRepository(context, options, (repository) => collect(repository, signal));
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

async function collect(repository: Repository, signal: AbortSignal): Promise<RepositoryStatistics> {
  let [snapshots, snapshotBytes] = [0, 0];
  for await (const { summary } of repository.snapshots(signal)) {
    snapshots += 1;
    snapshotBytes += summary?.totalBytesProcessed ?? 0;
  }
  await repository.loadIndex(signal);
  let blobBytes = 0;
  for (const { type, id } of repository.index.blobs()) blobBytes += repository.blobSize(type, id) ?? 0;
  let [packs, packBytes, indexFiles] = [0, 0, 0];
  for await (const { sizeBytes } of repository.store.list('data', signal)) {
    packs += 1;
    packBytes += sizeBytes;
  }
  for await (const _file of repository.store.list('index', signal)) indexFiles += 1;
  const reductionRatio = packBytes === 0 ? 1 : snapshotBytes / packBytes;
  const blobs = repository.index.blobCount;
  return { snapshots, snapshotBytes, packs, packBytes, indexFiles, blobs, blobBytes, reductionRatio };
}
