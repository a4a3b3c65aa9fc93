import { isAbsolute, resolve } from 'node:path';
import type { Configuration } from '../../configuration/load.ts';
import { Failure } from '../../contracts/failures.ts';
import type { RestoreResult } from '../../contracts/jobs.ts';
import { startRestore } from '../../control/restore.ts';
import { chooseSnapshotByHand } from '../choose-snapshot.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { partialExitCode } from '../failure.ts';
import { followRun, noteMissingWorker } from '../follow.ts';
import { repeatable } from '../option-values.ts';
import { formatBytes, formatDuration, formatQuantity, shortId } from '../output/format.ts';
import { createProgressBoard } from '../output/progress.ts';
import { promptLine } from '../prompt.ts';
import { withControl } from '../temporal.ts';

interface Options {
  readonly source?: string;
  readonly target: string;
  readonly include?: readonly string[];
  readonly yes?: boolean;
}

export function defineRestore({ parent, run }: Definition): void {
  const command = parent
    .command('restore')
    .description('restore a snapshot of a source into a new place, as a run of Temporal, and compare')
    .argument('[snapshot]', 'first digits of its id, or "latest"; asked for on a terminal')
    .option('--source <name>', 'source of the snapshot (default: the only one of the configuration)')
    .requiredOption('--target <target>', 'a new folder for files, the name of a new database for a database')
    .option('--include <path>', 'only this absolute path of the snapshot; repeatable', repeatable)
    .option('--yes', 'do not ask')
    .action(
      run(restore, {
        action: 'restore',
        subjects: (_id, { source }) => [source ?? '(only source)'],
        detail: (id, { target }) => ({ snapshot: id ?? '(asked)', target }),
      }),
    );
  withExamples(command, [
    ['resguardo restore latest --source etc --target /tmp/etc-restored', 'files into a folder'],
    ['resguardo restore latest --source shop --target shop_restored', 'a database beside the old one'],
    ['resguardo restore 1a2b3c4d --source etc --target /tmp/ssh --include /etc/ssh', 'a part of them'],
  ]);
}

async function restore(context: CommandContext, id: string | undefined, options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const source = chosenSource(configuration, options.source);
  const snapshot = id ?? (await chooseSnapshotByHand(context, configuration, source));
  const target =
    configuration.sources[source]?.kind === 'files' ? folder(context, options.target) : options.target;
  if (options.yes !== true)
    await confirm(context, `Restore snapshot ${shownId(snapshot)} of ${source} to ${target}?`);
  const include = options.include === undefined ? {} : { include: [...options.include] };
  const result = await withControl(context, configuration, async (control) => {
    const board = createProgressBoard({ output: context.output });
    try {
      const run = await startRestore(control, { source, snapshot, target, ...include });
      await noteMissingWorker(run, board);
      return await followRun(context, run, { title: source, board });
    } finally {
      board.close();
    }
  });
  await context.output.summary(result, renderRestore(result));
  return result.warnings.length > 0 ? partialExitCode : 0;
}

function chosenSource(configuration: Configuration, name: string | undefined): string {
  const known = Object.keys(configuration.sources);
  const wanted = name ?? (known.length === 1 ? known[0] : undefined);
  const advice = `Give --source with one of: ${known.join(', ')}.`;
  if (wanted === undefined) throw new Failure('InvalidInput', 'Which source is meant?', { advice });
  if (known.includes(wanted)) return wanted;
  throw new Failure('InvalidInput', `The configuration has no source "${wanted}"`, { advice });
}

function shownId(snapshot: string): string {
  return snapshot === 'latest' ? snapshot : shortId(snapshot);
}

/** The worker may have another working folder than we have. */
function folder({ cwd }: CommandContext, target: string): string {
  return isAbsolute(target) ? target : resolve(cwd, target);
}

/** Nothing is overwritten, so programs need not say --yes; people are asked. */
async function confirm({ stdin, signal, output }: CommandContext, question: string): Promise<void> {
  if (!stdin.isTTY || output.json) return;
  const answer = await promptLine(`${question} [y/N]`, { stdin, signal, stderr: output.stderr });
  if (/^y(es)?$/i.test(answer)) return;
  throw new Failure('Cancelled', 'Nothing was restored', { advice: '' });
}

function renderRestore(result: RestoreResult): string {
  const failed = result.checks.filter((check) => !check.passed);
  const durationMs = Date.parse(result.finishedAt) - Date.parse(result.startedAt);
  const checks = result.checks.map(
    ({ subject, passed, detail }) => `  ${passed ? '✓' : '✗'} ${subject}: ${detail}`,
  );
  return [
    `Restored ${formatQuantity(result.files, 'file')}, ${formatBytes(result.bytes)} of snapshot ${shortId(result.snapshot)} to ${result.target} in ${formatDuration(durationMs)}`,
    `Compared: ${formatQuantity(result.checks.length, 'check')}, ${failed.length === 0 ? 'all equal' : `${failed.length} differ`}`,
    ...checks,
    ...result.warnings.map(({ subject, message }) => `warning: ${subject}: ${message}`),
  ].join('\n');
}
