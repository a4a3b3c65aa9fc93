import { CancellationScope } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import type { DatabasePlan, ReplacedResult } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import { type KeepReplacedInput, keepReplacedInputSchema, type ReplacedFiles } from '../contracts/inputs.ts';
import { restoreStepsOn, stepsOn } from './options.ts';
import { restorePlanned } from './restore-files.ts';
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
  const put =
    plan !== undefined ? await databasesBack(story, plan) : files && (await filesBack(story, files));
  const result: ReplacedResult = {
    ...{ restore, outcome: 'rolled back', databases: [] },
    ...put,
    ...{ startedAt: story.startedAt, finishedAt: story.now() },
  };
  return { result, status: 'done' };
}

/** Once begun it is seen through: a cancelled run must know what it leaves. */
async function databasesBack(story: Story, plan: DatabasePlan): Promise<Pick<ReplacedResult, 'databases'>> {
  story.enter('swap');
  const steps = restoreStepsOn(plan.to);
  await CancellationScope.nonCancellable(async () => {
    await steps.rollBackDatabases(plan);
    await steps.discardDatabases(plan);
  });
  return { databases: replacedIn(plan) };
}

/** What was overwritten is in a snapshot, and stays there; what the restore has added stays where it is. */
async function filesBack(
  story: Story,
  { source, snapshot, include }: ReplacedFiles,
): Promise<Pick<ReplacedResult, 'paths'>> {
  const request = { source, snapshot, include, target: '/', inPlace: true, passesOverMissing: true };
  const plan = await stepsOn(source).planRestore({ ...request, runId: story.runId });
  // Nothing of it was there before.
  if (plan.include.length > 0) await restorePlanned(story, plan);
  return { paths: plan.include };
}

/** Names of the databases of a plan that replace one. */
export function replacedIn({ databases }: DatabasePlan): readonly string[] {
  return databases.filter(({ replaced }) => replaced !== undefined).map(({ target }) => target);
}
