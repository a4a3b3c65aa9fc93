import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { isCancellation, log, startChild } from '@temporalio/workflow';
import type { RetentionRequest } from '../contracts/activities.ts';
import { type PruneInput, pruneInputSchema } from '../contracts/inputs.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { pruneWorkflowId, sweepWorkflowId } from '../contracts/queues.ts';
import type {
  FleetResult,
  ForgetResult,
  HeldBack,
  LockedFiles,
  PruneResult,
  PruneStepResult,
} from '../contracts/scheduled-jobs.ts';
import { size } from './details.ts';
import { fleetOutcome, runForRepositories } from './every-repository.ts';
import { knownFailure } from './failures.ts';
import { childRun, fleetLimits, lookUp, stepsOn } from './options.ts';
import { type Outcome, runStory, type Story } from './story.ts';
import type { sweep } from './sweep.ts';

/** The next run of the schedule begins a day later. */
const patienceMs = 20 * 3_600_000;

/**
 * Forgets the snapshots of a repository that no policy keeps, and removes what nothing needs any more; or, without
 * a repository, tidies up and does so in each, in a run of its own. Backups run with no right to remove anything;
 * this run may have one.
 */
export async function prune(rawInput: unknown): Promise<PruneResult | FleetResult> {
  return runStory<PruneInput, PruneResult | FleetResult>(rawInput, {
    workflow: 'prune',
    schema: pruneInputSchema,
    subject: ({ repository }) => repository ?? 'every repository',
    schedule: ({ schedule }) => schedule,
    body: async (story, input) =>
      input.repository === undefined
        ? await pruneAll(story, input)
        : await pruneOne(story, input, input.repository),
  });
}

async function pruneOne(
  story: Story,
  { dryRun = false, schedule }: PruneInput,
  name: string,
): Promise<Outcome<PruneResult>> {
  const place = await lookUp.resolveRepository(name);
  const { repository, host } = place;
  story.know({ subject: repository, repository, host });
  story.mark('repository');
  const at = story.startedAt;
  const request: RetentionRequest = {
    repository,
    at,
    dryRun,
    ...(schedule === undefined ? {} : { schedule }),
  };
  const steps = stepsOn(place);

  story.enter('forget');
  const forgotten = await steps.forgetSnapshots(request);
  story.know({ note: describeForgotten(forgotten, dryRun) });

  story.enter('prune');
  const pruned = await steps.pruneRepository(request);
  story.know({
    note: `${describeForgotten(forgotten, dryRun)}, ${size(pruned.bytesFreed)} ${dryRun ? 'would be freed' : 'freed'}${describeLater(pruned)}`,
  });
  const { startedAt } = story;
  const result = { ...forgotten, ...pruned, repository, dryRun, startedAt, finishedAt: story.now() };
  if (forgotten.heldBack.length === 0) return { result, status: 'done' };
  story.know({ ending: describeHeldBack(repository, forgotten.heldBack) });
  return { result, status: 'partial' };
}

async function pruneAll(story: Story, input: PruneInput): Promise<Outcome<FleetResult>> {
  story.mark('run');
  story.enter('sweep');
  if (input.dryRun !== true) await sweepFirst(input);

  const tally = await runForRepositories(story, {
    list: () => lookUp.listPrunedRepositories(),
    limits: fleetLimits.prunes,
    patienceMs,
    run: (name) => pruneInChild(name, input),
  });
  return fleetOutcome(story, tally);
}

/** Stale locks would be in the way. That it fails is told by its own run, and stops nothing here. */
async function sweepFirst({ schedule }: PruneInput): Promise<void> {
  try {
    const child = await startChild<typeof sweep>(workflowTypes.sweep, {
      ...childRun,
      workflowId: sweepWorkflowId,
      args: [schedule === undefined ? {} : { schedule }],
      staticSummary: 'Remove what dead runs left',
    });
    await child.result();
  } catch (error) {
    const isKnown = error instanceof WorkflowExecutionAlreadyStartedError || knownFailure(error);
    if (isCancellation(error) || !isKnown) throw error;
    log.info('The sweep did not end well; its own run tells why', { error });
  }
}

async function pruneInChild(repository: string, input: PruneInput): Promise<'done' | 'partial'> {
  const child = await startChild<typeof prune>(workflowTypes.prune, {
    ...childRun,
    workflowId: pruneWorkflowId(repository),
    args: [{ ...input, repository }],
    staticSummary: `Forget and prune in **${repository}**`,
  });
  const result = await child.result();
  return 'heldBack' in result && result.heldBack.length > 0 ? 'partial' : 'done';
}

/** What the service keeps or bills for longer: it goes by itself, or by a later run. */
function describeLater({ held, locked, hidden }: PruneStepResult): string {
  const waits =
    held === undefined
      ? ''
      : `; ${size(held.bytes)} in ${held.packs} packs are billed until ${held.until.slice(0, 10)} at the latest anyway, and go then`;
  const stays = `${waits}${describeLocked('files', locked)}`;
  if (hidden === undefined) return stays;
  const when =
    hidden.until === undefined
      ? 'no rule is known that removes them'
      : `they go by ${hidden.until.slice(0, 10)}, by themselves`;
  return `${stays}; ${size(hidden.bytes)} in ${hidden.objects} removed objects are kept as versions: ${when}`;
}

function describeForgotten({ kept, forgotten, lockedSnapshots }: ForgetResult, dryRun: boolean): string {
  const done = `${forgotten} snapshots ${dryRun ? 'would be forgotten' : 'forgotten'}, ${kept} stay`;
  return `${done}${describeLocked('snapshots', lockedSnapshots)}`;
}

/** A later run removes them, when their lock has ended. */
function describeLocked(what: string, locked: LockedFiles | undefined): string {
  if (locked === undefined) return '';
  const { files, bytes, until, withoutEnd } = locked;
  const known = until === undefined ? '' : ` until ${until.slice(0, 10)}`;
  const unknown = withoutEnd > 0 ? `, ${withoutEnd} of them without an end that is known` : '';
  return `; ${files} ${what} with ${size(bytes)} are locked${known}${unknown}`;
}

function describeHeldBack(repository: string, heldBack: readonly HeldBack[]): string {
  const reasons = heldBack.map(({ source, why }) => `${source}: ${why}`).join('. ');
  return `Of ${heldBack.length} sources in ${repository} no snapshot was forgotten, because a person must look first. ${reasons}. Look with \`resguardo forget --repository ${repository} --dry-run\`; if it is right so, \`resguardo forget --repository ${repository} --yes\`.`;
}
