import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { leastStayMs } from '../../policy/cost/least-stay.ts';
import { defaultDeleteDelayMs, type PruneStatistics, planPrune } from '../../repository/prune/plan.ts';
import { executePrune, type PruneProgress, type PruneResult } from '../../repository/prune/prune.ts';
import type { Repository } from '../../repository/repository.ts';
import type { HiddenFiles } from '../../stores/store.ts';
import { auditedRepository } from '../audit.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { byteCount, duration } from '../option-values.ts';
import { formatBytes, formatQuantity, formatTime } from '../output/format.ts';
import { renderLocked } from '../output/locked.ts';
import { createProgressBoard } from '../output/progress.ts';
import type { ProgressBoard } from '../output/progress-board.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';

export interface PruneCommandOptions {
  readonly dryRun?: boolean;
  readonly maxUnused?: (usedBytes: number) => number;
  readonly maxRepackSize?: number;
  readonly deleteDelay?: number;
  readonly repackCacheableOnly?: boolean;
  readonly repackSmallerThan?: number;
  readonly earlyDeletion?: boolean;
  readonly packSize?: number;
}

/** What a prune has found and done, for programs. */
export interface PruneOutcome extends Partial<PruneResult> {
  readonly dryRun: boolean;
  readonly plan: PruneStatistics;
  /** What was removed and still takes space as older versions. */
  readonly hidden?: HiddenFiles;
}

/** A twentieth of what is left may stay unused, as with restic. */
const defaultMaxUnused = maxUnused('5%');

export function definePrune({ parent, run }: Definition): void {
  const command = addPruneLimits(
    parent
      .command('prune')
      .description('remove from a repository what no snapshot needs')
      .option('-n, --dry-run', 'show the plan and change nothing'),
  );
  addRepositoryOptions(command).action(
    run(prune, {
      action: 'prune',
      subjects: (options) => (options.dryRun === true ? [] : [auditedRepository(options)]),
    }),
  );
  withExamples(command, [
    ['resguardo prune --dry-run', 'what would be removed from the repository of the configuration'],
    ['resguardo repo prune --repo /srv/backup --max-unused 10%', 'pack less anew, and leave more behind'],
    ['resguardo repo prune --repo /srv/backup --max-repack-size 0', 'on a full disk: remove alone'],
  ]);
}

export function addPruneLimits(command: Command): Command {
  return command
    .option(
      '--max-unused <limit>',
      'what may stay unused: bytes (500M), a share (5%) or "unlimited" (default: 5%)',
      maxUnused,
    )
    .option('--max-repack-size <size>', 'pack no more than this anew, such as 10G', byteCount)
    .option(
      '--delete-delay <duration>',
      'keep packs that are not needed so long, and let a later prune remove them; 0s: remove them now (default: 24h)',
      duration,
    )
    .option('--early-deletion', 'remove what is billed for longer anyway, too (default: when that is over)')
    .option('--repack-cacheable-only', 'pack only folders anew, and no data')
    .option('--repack-smaller-than <size>', 'put packs together that are smaller, such as 8M', byteCount);
}

async function prune(
  context: CommandContext,
  options: RepositorySelection & PruneCommandOptions,
): Promise<number> {
  const { output } = context;
  const board = createProgressBoard({ output });
  try {
    const outcome = await withLockedRepository(
      context,
      { ...options, purpose: 'remove' },
      (repository, signal) => runPrune(repository, { options, board, signal }),
    );
    board.close();
    await output.summary(outcome, renderPrune(outcome));
    return 0;
  } finally {
    board.close();
  }
}

export interface PruneRequest {
  readonly options: PruneCommandOptions;
  readonly board: ProgressBoard;
  /** Aborted when the exclusive lock is lost, too. */
  readonly signal: AbortSignal;
  /** Snapshots that a dry run takes for gone. */
  readonly ignoreSnapshots?: ReadonlySet<string>;
}

/** Plans a prune, shows the plan and carries it out. The caller holds an exclusive lock. */
export async function runPrune(
  repository: Repository,
  { options, board, signal, ignoreSnapshots }: PruneRequest,
): Promise<PruneOutcome> {
  const row = board.row('prune');
  const idle = { phase: 'check', filesDone: 0, bytesDone: 0, bytesStored: 0 } as const;
  try {
    const plan = await planPrune(repository, {
      maxUnusedBytes: options.maxUnused ?? defaultMaxUnused,
      maxRepackBytes: options.maxRepackSize ?? Number.POSITIVE_INFINITY,
      deleteDelayMs: options.deleteDelay ?? defaultDeleteDelayMs,
      ...(options.earlyDeletion === true ? {} : { leastStayMs: leastStayMs(repository.store.location) }),
      repackTreesOnly: options.repackCacheableOnly === true,
      ...(options.repackSmallerThan === undefined ? {} : { repackBelowBytes: options.repackSmallerThan }),
      ...(options.packSize === undefined ? {} : { packSizeBytes: options.packSize }),
      ...(ignoreSnapshots ? { ignoreSnapshots } : {}),
      signal,
      onProgress: ({ snapshotsDone, snapshotsTotal }) =>
        row.update({ ...idle, current: `reading snapshot ${snapshotsDone + 1} of ${snapshotsTotal}` }),
    });
    const { statistics } = plan;
    if (options.dryRun === true) return { dryRun: true, plan: statistics };
    board.note(renderPlan(statistics));
    const result = await executePrune(repository, plan, {
      signal,
      ...(options.packSize === undefined ? {} : { packSizeBytes: options.packSize }),
      onProgress: (progress) => row.update({ ...idle, current: describe(progress) }),
    });
    const hidden = await repository.store.hidden(signal);
    return { dryRun: false, plan: statistics, ...result, ...(hidden !== undefined && { hidden }) };
  } finally {
    row.finish();
  }
}

export function renderPrune(outcome: PruneOutcome): string {
  return [renderDone(outcome), ...renderKept(outcome), ...renderHidden(outcome)].join('\n');
}

function renderKept({ locked }: PruneOutcome): readonly string[] {
  if (locked === undefined) return [];
  return [renderLocked(`${formatQuantity(locked.files, 'file')} with ${formatBytes(locked.bytes)}`, locked)];
}

function renderHidden({ hidden }: PruneOutcome): readonly string[] {
  if (hidden === undefined || hidden.objects === 0) return [];
  const { objects, bytes, until } = hidden;
  const when =
    until === undefined
      ? 'no rule is known that removes them (in S3, resguardo repo bucket --apply makes one)'
      : `they go by themselves, the last ${formatTime(until)}`;
  return [
    `The bucket keeps ${formatQuantity(objects, 'removed object')} with ${formatBytes(bytes)} as versions; ${when}`,
  ];
}

function renderDone({ dryRun, plan, ...result }: PruneOutcome): string {
  if (dryRun) return `${renderPlan(plan)}\nNothing was changed: this was a dry run`;
  const { packsRemoved = 0, packsMarked = 0, packsWritten = 0 } = result;
  const packs = `${formatQuantity(packsRemoved, 'pack')} removed, ${formatQuantity(packsWritten, 'pack')} written`;
  const bytes = Math.max(0, plan.bytes.removeTotal - plan.bytes.delayed - (result.locked?.bytes ?? 0));
  const freed = `Freed ${formatBytes(bytes)}: ${packs}`;
  if (packsMarked === 0) return freed;
  const marked = `${formatQuantity(packsMarked, 'pack')} with ${formatBytes(plan.bytes.delayed)} to free`;
  return `${freed}\nMarked ${marked}; a prune after the delay removes them, one with --delete-delay 0s does now`;
}

function renderPlan({ blobs, bytes, packs, held }: PruneStatistics): string {
  const line = (label: string, count: number, size: number): string =>
    `${label.padEnd(12)} ${formatQuantity(count, 'blob').padStart(16)}  ${formatBytes(size)}`;
  return [
    line('Used', blobs.used, bytes.used),
    ...(blobs.duplicate > 0 ? [line('Duplicate', blobs.duplicate, bytes.duplicate)] : []),
    line('Unused', blobs.unused, bytes.unused),
    ...(packs.unindexed > 0
      ? [
          `In no index  ${formatQuantity(packs.unindexed, 'pack').padStart(16)}  ${formatBytes(bytes.unindexed)}`,
        ]
      : []),
    `Packs        ${packs.keep} stay, ${packs.repack} are packed anew (${formatBytes(bytes.repack)}), ${packs.remove + packs.unindexed} go`,
    `Frees        ${formatBytes(bytes.removeTotal)}; ${formatBytes(bytes.remainingUnused)} stay unused`,
    ...(bytes.delayed > 0 ? [`Of that       ${formatBytes(bytes.delayed)} once the delay is over`] : []),
    ...renderHeld(held),
    ...(packs.missing > 0
      ? [`${formatQuantity(packs.missing, 'pack')} that nobody needs is gone already`]
      : []),
  ].join('\n');
}

function renderHeld({ packs, bytes, until }: PruneStatistics['held']): readonly string[] {
  if (until === undefined) return [];
  const what = `${formatQuantity(packs, 'pack')} with ${formatBytes(bytes)}`;
  return [
    `Wait         ${what}, billed until ${formatTime(until)} at the latest anyway: a later prune removes them`,
  ];
}

function describe({ step, packsDone, packsTotal }: PruneProgress): string {
  const of = `${packsDone} of ${packsTotal}`;
  if (step === 'repack') return `packing anew: pack ${of}`;
  return step === 'index' ? `removing old index files: ${of}` : `removing packs: ${of}`;
}

/** "5%" of what is left, "500M", or "unlimited". */
function maxUnused(text: string): (usedBytes: number) => number {
  if (text === 'unlimited') return () => Number.POSITIVE_INFINITY;
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined) {
    const bytes = byteCount(text);
    return () => bytes;
  }
  const share = Number(percent);
  if (share >= 100) throw new InvalidArgumentError('The share must be below 100 %.');
  return (usedBytes) => Math.floor((share / (100 - share)) * usedBytes);
}
