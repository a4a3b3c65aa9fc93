import { isAbsolute, resolve } from 'node:path';
import type { Configuration } from '../../configuration/load.ts';
import { mayBeFrozen, placementOf } from '../../configuration/placement.ts';
import type { DatabasePlan } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { RestoreInput } from '../../contracts/inputs.ts';
import type { Progress, RestoreResult } from '../../contracts/jobs.ts';
import type { ThawSpeed } from '../../contracts/thaw.ts';
import type { Control } from '../../control/client.ts';
import { confirmRestore, startRestore, startRestorePlan } from '../../control/restore.ts';
import { chooseSnapshotByHand } from '../choose-snapshot.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { partialExitCode, toFailure } from '../failure.ts';
import { followRun, noteMissingWorker } from '../follow.ts';
import { positiveInteger, repeatable } from '../option-values.ts';
import { shortId } from '../output/format.ts';
import { createProgressBoard } from '../output/progress.ts';
import { nameToConfirm, renderPlan, renderRestore } from '../output/restore.ts';
import { confirmByHand, promptLine } from '../prompt.ts';
import { withControl } from '../temporal.ts';
import { thawOption } from '../thaw.ts';

interface Options {
  readonly source?: string;
  readonly target?: string;
  readonly include?: readonly string[];
  readonly table?: readonly string[];
  readonly to?: string;
  readonly owner?: string;
  readonly mapRole?: readonly string[];
  readonly inPlace?: boolean;
  readonly plan?: boolean;
  readonly yes?: boolean;
  /** False with `--no-safety-backup`. */
  readonly safetyBackup: boolean;
  readonly keepReplaced?: string;
  readonly repository?: string;
  readonly thaw?: ThawSpeed;
  readonly thawDays?: number;
}

export function defineRestore({ parent, run }: Definition): void {
  const command = parent
    .command('restore')
    .description('restore a snapshot of a source, as a run of Temporal, and compare')
    .argument('[snapshot]', 'first digits of its id, or "latest"; asked for on a terminal')
    .option('--source <name>', 'source of the snapshot (default: the only one of the configuration)')
    .option('--target <target>', 'a new folder for files; name of a database (default: its own, replaced)')
    .option(
      '--include <path>',
      'only this absolute path of the snapshot, or database; repeatable',
      repeatable,
    )
    .option(
      '--table <name>',
      'only this table, as schema.table (MySQL: database.table), with what it needs; repeatable',
      repeatable,
    )
    .option('--owner <role>', 'everything shall belong to this role')
    .option('--map-role <old=new>', 'PostgreSQL: a role is called otherwise there; repeatable', repeatable)
    .option('--to <source>', 'into the server of this source of the configuration')
    .option('--repository <name>', 'read it from this repository of the configuration: a copy, an archive')
    .addOption(thawOption())
    .option('--thaw-days <days>', 'how long what was thawed stays readable (default: 7)', positiveInteger)
    .option('--in-place', 'files over what is there, where they were; that is backed up first')
    .option('--plan', 'tell what would be done and what is in the way; change nothing')
    .option('--yes', 'do not ask, even if something is replaced')
    .option('--no-safety-backup', 'do not back up what is replaced; it is kept all the same')
    .option('--keep-replaced <duration>', 'how long what was replaced is kept (default: 3d)')
    .action(
      run(restore, {
        action: 'restore',
        subjects: (_id, { source }) => [source ?? '(only source)'],
        detail: (id, { target }) => ({ snapshot: id ?? '(asked)', target: target ?? '(its own name)' }),
      }),
    );
  withExamples(command, [
    ['resguardo restore latest --source etc --target /tmp/etc-restored', 'files into a folder'],
    ['resguardo restore latest --source shop --target shop_restored', 'a database beside the old one'],
    ['resguardo restore latest --source shop --plan', 'what it would do, and how long it would take'],
    ['resguardo restore latest --source shop', 'in the place of the old one, which is kept for three days'],
    [
      'resguardo restore latest --source shop --table shop.orders',
      'a table of PostgreSQL, in the place of the old one; the database stays in use',
    ],
    [
      'resguardo restore latest --source shop --repository archive --thaw bulk',
      'from an archive: it is waited for as long as the service takes',
    ],
    ['resguardo restore 1a2b3c4d --source etc --target /tmp/ssh --include /etc/ssh', 'a part of them'],
    ['resguardo restore latest --source etc --in-place --include /etc/ssh', 'over what is there'],
  ]);
}

async function restore(context: CommandContext, id: string | undefined, options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const source = chosenSource(configuration, options.source);
  const kind = configuration.sources[source]?.kind;
  const isFiles = kind === 'files' || kind === 'command';
  // The output of a command goes into a folder, or to the command that takes it back.
  const isFolder = isFiles && !(kind === 'command' && options.target === 'command');
  const isArchive = mayBeFrozen(
    configuration,
    options.repository ?? placementOf(configuration, source).repository,
  );
  const snapshot = id ?? (await chooseSnapshotByHand(context, configuration, source));
  const input = restoreInput(options, {
    source,
    snapshot,
    target: targetOf(context, options, { isFolder, isArchive }),
  });
  return await withControl(context, configuration, async (control) => {
    if (options.plan === true) return await showPlan(context, control, input);
    const confirmed = await askBefore(context, control, { input, isFiles, isAsked: options.yes !== true });
    const result = await follow(context, control, { input, confirmed });
    await context.output.summary(result, renderRestore(result));
    return result.warnings.length > 0 ? partialExitCode : 0;
  });
}

interface Chosen {
  readonly source: string;
  readonly snapshot: string;
  readonly target: string | undefined;
}

function restoreInput(options: Options, { source, snapshot, target }: Chosen): RestoreInput {
  const {
    include,
    table,
    to,
    owner,
    mapRole,
    yes,
    safetyBackup,
    keepReplaced,
    repository,
    thaw,
    thawDays,
    inPlace,
  } = options;
  return {
    source,
    snapshot,
    ...(target !== undefined && { target }),
    ...(inPlace === true && { inPlace }),
    ...(include !== undefined && { include: [...include] }),
    ...(table !== undefined && { tables: [...table] }),
    ...(to !== undefined && { to }),
    ...(owner !== undefined && { owner }),
    ...(mapRole !== undefined && { mapRoles: Object.fromEntries(mapRole.map(rolePair)) }),
    ...(yes === true && { confirmed: true }),
    ...(!safetyBackup && { safetyBackup }),
    ...(keepReplaced !== undefined && { keepReplaced }),
    ...(repository !== undefined && { repository }),
    ...(thaw !== undefined && {
      thaw: { speed: thaw, ...(thawDays !== undefined && { days: thawDays }) },
    }),
  };
}

function rolePair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new Failure('InvalidInput', `--map-role: "${text}" is not of the form old=new`);
}

/** The worker may have another working folder than we have. */
function targetOf(
  { cwd }: CommandContext,
  { target, plan, inPlace }: Options,
  { isFolder, isArchive }: { readonly isFolder: boolean; readonly isArchive: boolean },
): string | undefined {
  if (!isFolder) return target;
  if (plan === true && isArchive) return target;
  if (plan === true) {
    throw new Failure(
      'InvalidInput',
      '--plan is for databases and archives: files are restored beside what is there',
    );
  }
  if (inPlace === true) return target;
  if (target !== undefined) return isAbsolute(target) ? target : resolve(cwd, target);
  throw new Failure('InvalidInput', 'Where shall the files go?', {
    advice: 'Give --target with a new folder, or --in-place.',
  });
}

async function showPlan(context: CommandContext, control: Control, input: RestoreInput): Promise<number> {
  const plan = await lookAhead(context, control, input);
  await context.output.summary(plan, renderPlan(plan));
  return plan.blockers.length > 0 ? 1 : 0;
}

async function lookAhead(
  context: CommandContext,
  control: Control,
  input: RestoreInput,
): Promise<DatabasePlan> {
  const { confirmed: _, ...asked } = input;
  const board = createProgressBoard({ output: context.output });
  try {
    const run = await startRestorePlan(control, asked);
    await noteMissingWorker(run, board);
    return await followRun(context, run, { title: input.source, board });
  } finally {
    board.close();
  }
}

interface Asked {
  readonly input: RestoreInput;
  readonly isFiles: boolean;
  readonly isAsked: boolean;
}

/**
 * Asks a person; programs cannot answer, and a run that would replace something then waits for the update.
 * @returns the name that the person has typed to allow a replacement
 */
async function askBefore(
  context: CommandContext,
  control: Control,
  { input, isFiles, isAsked }: Asked,
): Promise<string | undefined> {
  const { stdin, output, signal } = context;
  if (!isAsked || !stdin.isTTY || output.json) return undefined;
  const { source, snapshot = 'latest', target, inPlace = false } = input;
  if (isFiles) {
    const where = inPlace ? 'over what is there' : `to ${target}`;
    const question = `Restore snapshot ${shownId(snapshot)} of ${source} ${where}?`;
    await confirmByHand(context, question, 'Nothing was restored');
    return inPlace ? source : undefined;
  }
  const plan = await lookAhead(context, control, input);
  output.note(renderPlan(plan));
  const name = nameToConfirm(plan);
  if (name === undefined || plan.blockers.length > 0) {
    await confirmByHand(context, 'Restore this?', 'Nothing was restored');
    return undefined;
  }
  const typed = await promptLine(`Type "${name}" to replace it`, { stdin, signal, stderr: output.stderr });
  if (typed === name) return name;
  throw new Failure('Cancelled', 'Nothing was restored', { advice: '' });
}

interface Followed {
  readonly input: RestoreInput;
  readonly confirmed: string | undefined;
}

async function follow(
  context: CommandContext,
  control: Control,
  { input, confirmed }: Followed,
): Promise<RestoreResult> {
  const board = createProgressBoard({ output: context.output });
  let isAnswered = false;
  try {
    const run = await startRestore(control, input);
    await noteMissingWorker(run, board);
    const onProgress = ({ phase, current = '' }: Progress): void => {
      if (phase !== 'confirm' || isAnswered) return;
      isAnswered = true;
      if (confirmed === undefined) {
        board.note(
          `The restore replaces "${current}" and waits for the update confirm of ${run.workflowId}; --yes does not wait`,
        );
        return;
      }
      confirmRestore(run, confirmed).catch((error: unknown) => board.note(toFailure(error).message));
    };
    return await followRun(context, run, { title: input.source, board, onProgress });
  } finally {
    board.close();
  }
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
