import { InvalidArgumentError } from 'commander';
import { Failure } from '../../../contracts/failures.ts';
import type { CheckOptions, CheckProgress, CheckResult } from '../../../repository/check/check.ts';
import type { Snapshot } from '../../../repository/snapshot.ts';
import { matchesFilter } from '../../../repository/snapshot-filter.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { damageExitCode } from '../../failure.ts';
import { byteCount, percentage } from '../../option-values.ts';
import { formatBytes, formatDuration, formatQuantity } from '../../output/format.ts';
import { createProgressBoard } from '../../output/progress.ts';
import type { ProgressRow } from '../../output/progress-board.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly readData?: boolean;
  readonly readDataSubset?: DataSubset;
  readonly readArchived?: boolean;
  readonly snapshot?: string;
}

export function defineRepoCheck({ parent, run }: Definition): void {
  const command = parent
    .command('check')
    .description('check the structure of a repository, and its data if asked for')
    .option('--read-data', 'read, decrypt and verify every byte')
    .option(
      '--read-data-subset <subset>',
      'the same for a part: n/m (the n-th of m parts, together all), a random 2.5%, or about 500M of it',
      dataSubset,
    )
    .option('--read-archived', 'read packs in archive classes too, as far as they are thawed; it is dear')
    .option('--snapshot <id>', 'follow the folders of this snapshot alone');
  addSnapshotOptions(addRepositoryOptions(command)).action(run(check));
  withExamples(command, [
    ['resguardo repo check --repo /srv/backup', 'the structure: every snapshot, folder and index'],
    ['resguardo repo check --read-data --repo /srv/backup', 'every byte'],
    ['resguardo repo check --read-data-subset=10% --repo /srv/backup', 'a tenth of the data'],
    ['resguardo repo check --read-data-subset=3/7 --repo /srv/backup', 'on the third day of a week'],
  ]);
}

const engine = () => import('../../../repository/check/check.ts');

async function check(context: CommandContext, options: Options): Promise<number> {
  const { output } = context;
  const toRead = dataToRead(options);
  const filter = snapshotFilter(options);
  const startedAtMs = performance.now();
  const board = createProgressBoard({ output });
  try {
    const result = await withLockedRepository(
      context,
      // A check reads the repository itself.
      { ...options, cache: false, purpose: 'read', engine },
      async (repository, signal) => {
        const { checkRepository } = await engine();
        const row = board.row('check');
        const snapshot = options.snapshot && (await repository.findSnapshot(options.snapshot)).id;
        return await checkRepository(repository, {
          ...(snapshot ? { snapshot } : {}),
          ...toRead,
          readArchived: options.readArchived === true,
          ...(Object.keys(filter).length === 0
            ? {}
            : { filter: (found: Snapshot) => matchesFilter(found, filter) }),
          signal,
          onProgress: (progress) => showProgress(row, progress),
        }).finally(() => row.finish());
      },
    );
    board.close();
    const seconds = (performance.now() - startedAtMs) / 1000;
    const isDamage = result.damageCount > 0;
    const document = { ...result, status: isDamage ? 'damaged' : 'done', seconds };
    await output.summary(document, render(result, seconds), { isDamage });
    return isDamage ? damageExitCode : 0;
  } finally {
    board.close();
  }
}

type DataToRead = Pick<CheckOptions, 'readDataPercent' | 'readDataPart' | 'readDataBytes'>;
type DataSubset = Partial<DataToRead>;

function dataToRead({ readData, readDataSubset }: Options): DataToRead {
  if (readData === true && readDataSubset !== undefined) {
    throw new Failure('InvalidInput', '--read-data and --read-data-subset exclude each other', {
      advice: 'Give one of them.',
    });
  }
  return { readDataPercent: readData === true ? 100 : 0, ...readDataSubset };
}

/** "3/7", "2.5%" or "500M", with restic's meaning. */
function dataSubset(text: string): DataSubset {
  const [, part, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (part === undefined || of === undefined) {
    return text.endsWith('%') ? { readDataPercent: percentage(text) } : { readDataBytes: byteCount(text) };
  }
  const [number, count] = [Number(part), Number(of)];
  if (number >= 1 && number <= count && count <= 256)
    return { readDataPart: { part: number - 1, of: count } };
  throw new InvalidArgumentError('It must be n/m with n from 1 to m, and m of at most 256.');
}

function showProgress(row: ProgressRow, progress: CheckProgress): void {
  const { step, packsDone, packsTotal, snapshotsDone, bytesRead, bytesTotal, current } = progress;
  row.update({
    phase: 'check',
    filesDone: 0,
    bytesDone: bytesRead,
    bytesStored: 0,
    ...(bytesTotal > 0 ? { totalBytes: bytesTotal } : {}),
    current: describeStep({ step, packsDone, packsTotal, snapshotsDone, current }),
  });
}

type Step = Pick<CheckProgress, 'step' | 'packsDone' | 'packsTotal' | 'snapshotsDone'> & {
  readonly current: string | undefined;
};

function describeStep({ step, packsDone, packsTotal, snapshotsDone, current }: Step): string {
  if (step === 'data') return `reading pack ${packsDone} of ${packsTotal}`;
  if (step === 'trees') return `snapshot ${snapshotsDone + 1}: ${current ?? ''}`;
  return step === 'index' ? 'reading the index' : 'comparing packs with the index';
}

function render(result: CheckResult, seconds: number): string {
  const counts = [
    formatQuantity(result.snapshots, 'snapshot'),
    formatQuantity(result.packs, 'pack'),
    formatQuantity(result.blobs, 'blob'),
  ].join(', ');
  const what = `${counts}; read ${formatBytes(result.bytesRead)} in ${formatDuration(seconds * 1000)}`;
  if (result.damageCount === 0) return [`No damage found: ${what}`, ...result.notes].join('\n');
  const more = result.damageCount - result.damages.length;
  return [
    `Found ${formatQuantity(result.damageCount, 'damage')}: ${what}`,
    ...result.damages.map((damage) => `  ${damage}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...result.notes,
    'Do not remove anything. Files whose data is whole can be restored.',
  ].join('\n');
}
