import type { Configuration } from '../../configuration/load.ts';
import { Failure, isFailure } from '../../contracts/failures.ts';
import type { BackupResult } from '../../contracts/jobs.ts';
import { startBackup } from '../../control/backup.ts';
import type { Control } from '../../control/client.ts';
import type { Run } from '../../control/runs.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { exitCodeOf, partialExitCode, toFailure } from '../failure.ts';
import { followRun, noteMissingWorker } from '../follow.ts';
import { freshSnapshot } from '../fresh-snapshot.ts';
import { duration, repeatable } from '../option-values.ts';
import { renderBackup } from '../output/backup.ts';
import { formatTime, shortId } from '../output/format.ts';
import { createProgressBoard } from '../output/progress.ts';
import type { ProgressBoard } from '../output/progress-board.ts';
import { withControl } from '../temporal.ts';

interface Options {
  readonly all?: boolean;
  readonly tag?: readonly string[];
  readonly maxAge?: number;
  readonly join?: boolean;
  /** False with `--no-wait`. */
  readonly wait: boolean;
}

export function defineBackup({ parent, run }: Definition): void {
  const command = parent
    .command('backup')
    .description('back up sources of the configuration, as runs of Temporal')
    .argument('[source...]', 'names of sources')
    .option('--all', 'all sources')
    .option('--tag <tag>', 'give the snapshots this tag; repeatable', repeatable)
    .option('--max-age <duration>', 'nothing to do if the newest snapshot is younger, such as 1h', duration)
    .option('--join', 'follow a backup of the same source that is under way, instead of failing')
    .option('--no-wait', 'start only; Temporal goes on')
    .action(
      run(backup, {
        action: 'backup',
        subjects: (names, { all }) => (all === true ? ['(all)'] : names),
        detail: (_names, { tag }) => (tag === undefined ? {} : { tags: tag.join(',') }),
        isStart: (_names, { wait }) => !wait,
      }),
    );
  withExamples(command, [
    ['resguardo backup shop --tag pre-deploy', 'before a deployment'],
    ['resguardo backup --all --max-age 12h', 'what has no snapshot of the last 12 hours'],
    ['resguardo backup shop --no-wait --json', 'start, and print the workflow id'],
  ]);
}

async function backup(context: CommandContext, names: readonly string[], options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const sources = await staleSources(context, configuration, {
    names: chosenSources(configuration, names, options.all === true),
    maxAgeMs: options.maxAge,
  });
  if (sources.length === 0) return 0;
  return withControl(context, configuration, async (control) => {
    const board = createProgressBoard({ output: context.output });
    try {
      const job = { context, control, board, options };
      const exitCodes = await Promise.all(sources.map((source) => backUpOne(job, source)));
      return worstExitCode(exitCodes);
    } finally {
      board.close();
    }
  });
}

function chosenSources(
  configuration: Configuration,
  names: readonly string[],
  all: boolean,
): readonly string[] {
  const known = Object.keys(configuration.sources);
  const advice = known.length > 0 ? `There are: ${known.join(', ')}.` : 'Add sources to the configuration.';
  if (all && names.length === 0 && known.length > 0) return known;
  if (all && names.length > 0) {
    throw new Failure('InvalidInput', '--all and names of sources exclude each other');
  }
  if (names.length === 0) throw new Failure('InvalidInput', 'There is no source to back up', { advice });
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return [...new Set(names)];
  throw new Failure('InvalidInput', `The configuration has no source "${unknown}"`, { advice });
}

interface Candidates {
  readonly names: readonly string[];
  readonly maxAgeMs: number | undefined;
}

/** Those of the sources whose newest snapshot is too old; all without `--max-age`. */
async function staleSources(
  context: CommandContext,
  configuration: Configuration,
  { names, maxAgeMs }: Candidates,
): Promise<readonly string[]> {
  if (maxAgeMs === undefined) return names;
  const stale: string[] = [];
  for (const source of names) {
    const fresh = await freshSnapshot(context, configuration, { source, maxAgeMs });
    if (!fresh) {
      stale.push(source);
      continue;
    }
    const document = { source, status: 'fresh', snapshot: fresh.id, time: fresh.time };
    const time = formatTime(new Date(fresh.time));
    await context.output.summary(
      document,
      `${source}: snapshot ${shortId(fresh.id)} of ${time} is young enough`,
    );
  }
  return stale;
}

interface Job {
  readonly context: CommandContext;
  readonly control: Control;
  readonly board: ProgressBoard;
  readonly options: Options;
}

/** Resolves to an exit code; one source that fails does not stop the others. */
async function backUpOne({ context, control, board, options }: Job, source: string): Promise<number> {
  const { output } = context;
  try {
    const tags = options.tag === undefined ? {} : { tags: [...options.tag] };
    const onConflict = options.join === true ? 'join' : 'fail';
    const run = await startBackup(control, { source, ...tags }, { onConflict });
    if (run.joined) board.note(`A backup of ${source} is under way already; following it`);
    await noteMissingWorker(run, board);
    if (!options.wait) {
      const { workflowId, runId } = run;
      await output.summary(
        { source, status: 'started', workflowId, runId },
        `Started ${workflowId} (run ${runId})`,
      );
      return 0;
    }
    return await reportEnd(context, run, { source, board });
  } catch (error) {
    const failure = toFailure(error);
    await output.failure(isFailure(error, 'AlreadyRunning') ? withJoinAdvice(failure) : failure, { source });
    return exitCodeOf(failure);
  }
}

async function reportEnd(
  context: CommandContext,
  run: Run<BackupResult>,
  { source, board }: { readonly source: string; readonly board: ProgressBoard },
): Promise<number> {
  const result = await followRun(context, run, { title: source, board });
  for (const warning of result.warnings) board.warn(warning);
  const seconds = (Date.parse(result.finishedAt) - Date.parse(result.startedAt)) / 1000;
  const how = result.status === 'partial' ? 'done in part' : 'done';
  const text = `${source}: ${how}\n${renderBackup({ ...result, seconds })}`;
  board.close();
  await context.output.summary({ ...result, workflowId: run.workflowId, runId: run.runId }, text);
  return result.status === 'partial' ? partialExitCode : 0;
}

function withJoinAdvice(failure: Failure): Failure {
  return new Failure(failure.type, failure.message, {
    advice: 'Wait for it, follow it with --join, or cancel it with `temporal workflow cancel`.',
  });
}

/** A failure counts more than a partial success; several different failures are a failure. */
function worstExitCode(exitCodes: readonly number[]): number {
  const failures = new Set(exitCodes.filter((code) => code !== 0 && code !== partialExitCode));
  const [only] = failures;
  if (only !== undefined) return failures.size === 1 ? only : 1;
  return exitCodes.includes(partialExitCode) ? partialExitCode : 0;
}
