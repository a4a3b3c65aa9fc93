import { placements } from '../../configuration/placement.ts';
import { Failure } from '../../contracts/failures.ts';
import type { ReplicationResult } from '../../contracts/jobs.ts';
import type { Control } from '../../control/client.ts';
import { startReplication } from '../../control/replication.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { followRun, noteMissingWorker } from '../follow.ts';
import { repeatable } from '../option-values.ts';
import { formatBytes, formatQuantity } from '../output/format.ts';
import { createProgressBoard } from '../output/progress.ts';
import { withControl } from '../temporal.ts';

interface Options {
  readonly source?: readonly string[];
  /** False for `--no-wait`. */
  readonly wait: boolean;
}

export function defineCopy({ parent, run }: Definition): void {
  const command = parent
    .command('copy')
    .description('copy what repositories lack of the snapshots that they should have, as runs of Temporal')
    .argument('[repository...]', 'where to (default: every repository that gets copies)')
    .option('--source <name>', 'snapshots of this source, too; repeatable', repeatable)
    .option('--no-wait', 'start the runs, and leave them')
    .action(
      run(copy, {
        action: 'copy',
        subjects: (repositories) => (repositories.length > 0 ? repositories : ['(every copy)']),
      }),
    );
  withExamples(command, [
    ['resguardo copy', 'every repository of `copies` and `defaultCopies` catches up'],
    ['resguardo copy offsite', 'one of them, at once, even if its run waits for it to come back'],
    ['resguardo copy archive --source shop', 'a repository that the configuration does not copy to'],
  ]);
}

async function copy(
  context: CommandContext,
  repositories: readonly string[],
  options: Options,
): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const targets =
    repositories.length > 0
      ? repositories
      : [...new Set(placements(configuration).flatMap(({ copiesIn }) => copiesIn))];
  if (targets.length === 0) throw nothingToCopy();
  const results = await withControl(context, configuration, async (control) =>
    options.wait
      ? await copyAndFollow(context, control, { targets, options })
      : await startAll(control, { targets, options }),
  );
  await context.output.summary({ repositories: results }, results.map(render).join('\n'));
  return 0;
}

interface Wanted {
  readonly targets: readonly string[];
  readonly options: Options;
}

interface Started {
  readonly repository: string;
  readonly workflowId: string;
}

async function startAll(control: Control, wanted: Wanted): Promise<readonly Started[]> {
  return await Promise.all(
    wanted.targets.map(async (repository) => {
      const { workflowId } = await start(control, repository, wanted);
      return { repository, workflowId };
    }),
  );
}

async function copyAndFollow(
  context: CommandContext,
  control: Control,
  wanted: Wanted,
): Promise<readonly ReplicationResult[]> {
  const board = createProgressBoard({ output: context.output });
  try {
    return await Promise.all(
      wanted.targets.map(async (repository) => {
        const run = await start(control, repository, wanted);
        await noteMissingWorker(run, board);
        return await followRun(context, run, { title: repository, board });
      }),
    );
  } finally {
    board.close();
  }
}

function start(control: Control, repository: string, { options }: Wanted) {
  const sources = options.source === undefined ? {} : { sources: [...options.source] };
  return startReplication(control, { repository, ...sources });
}

function render(result: ReplicationResult | Started): string {
  if ('workflowId' in result) return `Started ${result.workflowId}`;
  return `${result.repository} has got ${formatQuantity(result.snapshots, 'snapshot')}: ${formatQuantity(result.blobs, 'blob')}, ${formatBytes(result.bytes)}`;
}

function nothingToCopy(): Failure {
  return new Failure('InvalidInput', 'No repository of the configuration gets copies.', {
    advice: 'Add a repository, and name it in defaultCopies, or in copies of a source.',
  });
}
