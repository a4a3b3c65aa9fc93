import type { VerificationResult } from '../../contracts/jobs.ts';
import { startVerification } from '../../control/verification.ts';
import { loadContextConfiguration, repositoryName } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { followRun, noteMissingWorker } from '../follow.ts';
import { percentage } from '../option-values.ts';
import { formatBytes, formatDuration, formatQuantity } from '../output/format.ts';
import { createProgressBoard } from '../output/progress.ts';
import { withControl } from '../temporal.ts';

interface Options {
  readonly repository?: string;
  /** True without a percentage. */
  readonly readData?: number | true;
}

export function defineVerify({ parent, run }: Definition): void {
  const command = parent
    .command('verify')
    .description('check a repository of the configuration, as a run of Temporal')
    .option('--repository <name>', 'name of the repository (default: defaultRepository)')
    .option('--read-data [percent]', 'read and decrypt all data, or a part of it, too', percentage)
    .action(
      run(verify, { action: 'verify', subjects: ({ repository }) => [repository ?? '(default repository)'] }),
    );
  withExamples(command, [
    ['resguardo verify', 'the structure: every snapshot, folder and index'],
    ['resguardo verify --read-data', 'every byte'],
    ['resguardo verify --read-data=10%', 'the structure, and a tenth of the data'],
  ]);
}

async function verify(context: CommandContext, options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const repository = repositoryName(configuration, options.repository);
  const readDataPercent = options.readData === true ? 100 : (options.readData ?? 0);
  const result = await withControl(context, configuration, async (control) => {
    const board = createProgressBoard({ output: context.output });
    try {
      const run = await startVerification(control, { repository, readDataPercent });
      await noteMissingWorker(run, board);
      return await followRun(context, run, { title: repository, board });
    } finally {
      board.close();
    }
  });
  await context.output.summary(result, renderVerification(result));
  return 0;
}

/** A repository with damage fails the run, so there is none to tell of here. */
function renderVerification(result: VerificationResult): string {
  const durationMs = Date.parse(result.finishedAt) - Date.parse(result.startedAt);
  const counts = [
    formatQuantity(result.snapshots, 'snapshot'),
    formatQuantity(result.packs, 'pack'),
    formatQuantity(result.blobs, 'blob'),
  ].join(', ');
  return `No damage found in ${result.repository}: ${counts}; read ${formatBytes(result.bytesRead)} in ${formatDuration(durationMs)}`;
}
