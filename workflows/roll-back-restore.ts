import { CancellationScope } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import type { DatabasePlan, ReplacedResult } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import { type KeepReplacedInput, keepReplacedInputSchema, type ReplacedFiles } from '../contracts/inputs.ts';
import type { ResolvedSource } from '../contracts/jobs.ts';
import { replacedBy } from './agreed-plan.ts';
import { lookUp, restoreStepsOn, stepsOn } from './options.ts';
import { restorePlanned } from './restore-files.ts';
import { withRollBackHooks } from './restore-hooks.ts';
import { type Outcome, runStory, type Story } from './story.ts';

/**
 * Puts back what a restore has replaced. The run that keeps it starts this one, under the id that restores of the
 * source have: so a restore and a roll-back never work at the same time.
 */
export async function rollBackRestore(rawInput: unknown): Promise<ReplacedResult> {
  return runStory(rawInput, {
    workflow: 'rollBackRestore',
    schema: keepReplacedInputSchema,
    subject: ({ restore, plan, files }) => plan?.to.source ?? files?.source.source ?? restore,
    body: rollBackAny,
  });
}

async function rollBackAny(
  story: Story,
  { restore, plan, files }: KeepReplacedInput,
): Promise<Outcome<ReplacedResult>> {
  const place = plan?.to ?? files?.source;
  if (place === undefined) {
    const message = 'The input of rollBackRestore is wrong: plan: is needed';
    throw toApplicationFailure(new Failure('InvalidInput', message));
  }
  const { kind, repository, host } = place;
  const snapshot = plan?.snapshot ?? files?.snapshot ?? '';
  story.know({ kind, repository, host, snapshot, note: `Puts back what ${restore} has replaced` });
  story.mark('source');
  // Its hooks may be others than they were at the restore.
  const current = await lookUp.resolveSource(place.source);
  const rollBack = { story, restore, place: current };
  if (plan !== undefined) return await databasesBack(rollBack, plan);
  return files === undefined ? putBack(rollBack, {}) : await filesBack(rollBack, files);
}

interface RollBack {
  readonly story: Story;
  readonly restore: string;
  readonly place: ResolvedSource;
}

/** Once begun it is seen through: a cancelled run must know what it leaves. */
async function databasesBack(rollBack: RollBack, plan: DatabasePlan): Promise<Outcome<ReplacedResult>> {
  const { story } = rollBack;
  const steps = restoreStepsOn(plan.to);
  const databases = replacedIn(plan);
  const hooked = { ...rollBack, target: databases.join(', '), replaces: databases };
  const { result, status } = await withRollBackHooks(hooked, async (hooks) => {
    await hooks.beforeReplace();
    story.enter('swap');
    await CancellationScope.nonCancellable(() => steps.rollBackDatabases(plan));
    return putBack(rollBack, { databases });
  });
  // By what was restored a roll-back that is asked for again, because a hook has failed, sees that it is done.
  story.enter('discard');
  await CancellationScope.nonCancellable(() => steps.discardDatabases(plan));
  return { result: { ...result, finishedAt: story.now() }, status };
}

/** What was overwritten is in a snapshot, and stays there; what the restore has added stays where it is. */
async function filesBack(
  rollBack: RollBack,
  { source, snapshot, include }: ReplacedFiles,
): Promise<Outcome<ReplacedResult>> {
  const { story } = rollBack;
  const request = { source, snapshot, include, target: '/', inPlace: true, passesOverMissing: true };
  const plan = await stepsOn(source).planRestore({ ...request, runId: story.runId });
  const paths = plan.include;
  // Nothing of it was there before.
  if (paths.length === 0) return putBack(rollBack, { paths });
  return await withRollBackHooks({ ...rollBack, target: '/', replaces: paths }, async (hooks) => {
    await hooks.beforeReplace();
    await restorePlanned(story, plan);
    return putBack(rollBack, { paths });
  });
}

function putBack(
  { story, restore }: RollBack,
  what: Partial<Pick<ReplacedResult, 'databases' | 'paths'>>,
): Outcome<ReplacedResult> {
  const times = { startedAt: story.startedAt, finishedAt: story.now() };
  return { result: { restore, outcome: 'rolled back', databases: [], ...what, ...times }, status: 'done' };
}

/** Names of the databases of a plan that replace one. */
export function replacedIn(plan: DatabasePlan): readonly string[] {
  return replacedBy(plan).map(({ target }) => target);
}
