import { Failure } from '../../contracts/failures.ts';
import { retentionOf } from '../../control/retention.ts';
import { forget as forgetSnapshots, planByPolicy } from '../../maintenance/forget.ts';
import { isHeld, planRetention, type RetentionPlan } from '../../policy/retention/plan.ts';
import type { LockedSum } from '../../repository/remove-files.ts';
import type { Repository } from '../../repository/repository.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { matchesFilter } from '../../repository/snapshot-filter.ts';
import { auditedRepository, recordForgotten } from '../audit.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { addKeepOptions, givenRules, groupFields, type KeepOptions, keepRules } from '../keep-options.ts';
import { formatQuantity, shortId } from '../output/format.ts';
import { renderLocked } from '../output/locked.ts';
import { createProgressBoard } from '../output/progress.ts';
import type { ProgressBoard } from '../output/progress-board.ts';
import { renderRetention } from '../output/retention.ts';
import { addRepositoryOptions, isConfigured, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../snapshot-options.ts';
import {
  addPruneLimits,
  type PruneCommandOptions,
  type PruneOutcome,
  renderPrune,
  runPrune,
} from './prune.ts';

interface Options extends RepositorySelection, SnapshotOptions, KeepOptions, PruneCommandOptions {
  readonly prune?: boolean;
  readonly yes?: boolean;
}

interface Outcome {
  readonly dryRun: boolean;
  readonly groups: RetentionPlan['groups'];
  /** Ids of the snapshots that are gone, or would be. */
  readonly removed: readonly string[];
  /** Snapshots that the service does not let go yet. */
  readonly locked?: LockedSum;
  readonly prune?: PruneOutcome;
}

export function defineForget({ parent, run }: Definition): void {
  const command = parent
    .command('forget')
    .description(
      'remove snapshots: those that no rule keeps (default: the retention of the configuration), or those that are named',
    )
    .argument('[snapshot...]', 'first digits of ids; the rules do not count then')
    .option('-n, --dry-run', 'show what would be removed and change nothing')
    .option('--prune', 'remove what no snapshot needs any more, too')
    .option('--yes', 'remove though a group looks strange: a burst of snapshots, a clock that went wrong');
  addKeepOptions(command);
  addPruneLimits(addSnapshotOptions(addRepositoryOptions(command), '--host <name>')).action(
    run(forget, {
      action: 'forget',
      subjects: (_ids, options) => (options.dryRun === true ? [] : [auditedRepository(options)]),
      detail: (ids, { prune }) => ({ snapshots: ids.join(' '), prune: prune === true }),
    }),
  );
  withExamples(command, [
    ['resguardo forget --dry-run', 'see what the retention of the configuration would remove'],
    ['resguardo forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --dry-run', 'see what would go'],
    [
      'resguardo repo forget --keep-last 10 --prune --repo /srv/backup',
      'keep the last ten, and free the space',
    ],
    ['resguardo repo forget 1a2b3c4d --repo /srv/backup', 'one snapshot'],
  ]);
}

async function forget(context: CommandContext, ids: readonly string[], options: Options): Promise<number> {
  const { output } = context;
  const plan = await makePlan(context, ids, options);
  const board = createProgressBoard({ output });
  try {
    const outcome = await withLockedRepository(
      context,
      { ...options, purpose: 'remove' },
      async (repository, signal) => {
        const snapshots = await Array.fromAsync(repository.snapshots(signal));
        return await carryOut(repository, plan(snapshots), { context, options, board, signal });
      },
    );
    board.close();
    await output.summary(outcome, render(outcome));
    return 0;
  } finally {
    board.close();
  }
}

/** Checks the options before a repository is opened. */
async function makePlan(
  context: CommandContext,
  ids: readonly string[],
  options: Options,
): Promise<(snapshots: readonly Snapshot[]) => RetentionPlan> {
  if (ids.length > 0) return (snapshots) => planOfIds(snapshots, ids);
  if (
    givenRules(options) === undefined &&
    options.groupBy === undefined &&
    (await isConfigured(context, options))
  )
    return await configuredPlan(context, options);
  const policy = { keep: keepRules(options) };
  const groupBy = groupFields(options);
  const filter = snapshotFilter(options);
  return (snapshots) =>
    planRetention({
      snapshots: snapshots.filter((snapshot) => matchesFilter(snapshot, filter)),
      now: new Date(),
      policyOf: () => policy,
      groupBy,
    });
}

/** What the schedule repository_prune would do. */
async function configuredPlan(
  context: CommandContext,
  options: Options,
): Promise<(snapshots: readonly Snapshot[]) => RetentionPlan> {
  const { loadContextConfiguration, repositoryName } = await import('../configuration.ts');
  const configuration = await loadContextConfiguration(context);
  const policy = retentionOf(configuration, repositoryName(configuration, options.repository));
  const filter = snapshotFilter(options);
  return (snapshots) =>
    planByPolicy(
      snapshots.filter((snapshot) => matchesFilter(snapshot, filter)),
      { policy, now: new Date() },
    );
}

/** @throws {Failure} SnapshotNotFound; InvalidInput for one with a hold */
function planOfIds(snapshots: readonly Snapshot[], ids: readonly string[]): RetentionPlan {
  const remove = new Map<string, Snapshot>();
  for (const wanted of ids) {
    const found = snapshots.filter(({ id }) => id.startsWith(wanted));
    const [snapshot] = found;
    if (!snapshot || found.length > 1) {
      const why = snapshot ? 'is ambiguous' : 'is not there';
      throw new Failure('SnapshotNotFound', `The snapshot ${wanted} ${why}. Nothing was removed.`);
    }
    if (isHeld(snapshot)) {
      throw new Failure(
        'InvalidInput',
        `The snapshot ${shortId(snapshot.id)} has a hold. Nothing was removed.`,
        {
          advice: 'Take the hold away with `resguardo repo tag --remove` if it may go.',
        },
      );
    }
    remove.set(snapshot.id, snapshot);
  }
  const named = [...remove.values()].map(({ id, time }) => ({ id, time, reasons: ['named'] }));
  const groups = [{ keep: [], remove: named, alarms: [] }];
  return { groups, keepCount: 0, removeCount: named.length, needsConfirmation: false };
}

interface Request {
  readonly context: CommandContext;
  readonly options: Options;
  readonly board: ProgressBoard;
  readonly signal: AbortSignal;
}

async function carryOut(
  repository: Repository,
  plan: RetentionPlan,
  { context, options, board, signal }: Request,
): Promise<Outcome> {
  const dryRun = options.dryRun === true;
  const { groups } = plan;
  const planned = groups.flatMap(({ remove }) => remove.map(({ id }) => id));
  if (!dryRun) assertConfirmed(plan, options);
  const announce = (ids: readonly string[]) => recordForgotten(context, auditedRepository(options), ids);
  const done = dryRun
    ? { removed: planned }
    : await forgetSnapshots(repository, { plan: confirmed(plan), signal, announce });
  const found = { dryRun, groups, ...done };
  const { removed } = done;
  if (options.prune !== true) return found;
  await repository.loadIndex(signal);
  // What an earlier prune has marked may go by now, though no snapshot does.
  if (removed.length === 0 && !repository.index.hasMarks) return found;
  const ignoreSnapshots = new Set(removed);
  return { ...found, prune: await runPrune(repository, { options, board, signal, ignoreSnapshots }) };
}

function assertConfirmed({ needsConfirmation, groups }: RetentionPlan, { yes }: Options): void {
  if (!needsConfirmation || yes === true) return;
  const alarms = groups.flatMap(({ alarms: found }) => found);
  throw new Failure('InvalidInput', `Nothing was removed: ${alarms.join('; ')}`, {
    advice: 'Look with --dry-run; if it is right so, add --yes.',
  });
}

/** With a person's word the alarms are none. */
function confirmed(plan: RetentionPlan): RetentionPlan {
  return { ...plan, groups: plan.groups.map((group) => ({ ...group, alarms: [] })) };
}

function render({ dryRun, groups, removed, locked, prune }: Outcome): string {
  const count = formatQuantity(removed.length, 'snapshot');
  return [
    ...groups.map(renderRetention),
    ...(prune ? [renderPrune(prune)] : []),
    dryRun ? `${count} would be removed` : `Removed ${count}`,
    ...(locked === undefined ? [] : [renderLocked(formatQuantity(locked.files, 'snapshot'), locked)]),
  ].join('\n\n');
}
