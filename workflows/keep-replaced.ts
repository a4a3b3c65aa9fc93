import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import type { DatabasePlan, ReplacedResult } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import { type KeepReplacedInput, keepReplacedInputSchema, type ReplacedFiles } from '../contracts/inputs.ts';
import { updateNames } from '../contracts/messages.ts';
import { restoreStepsOn, stepsOn } from './options.ts';
import { restorePlanned } from './restore-files.ts';
import { type Outcome, runStory, type Story } from './story.ts';

/**
 * Keeps what a restore has replaced until its time is over, then removes it; or puts it back when the update
 * `rollback` asks for it. A restore starts it; its id is `replaced/<name of the restore>`.
 */
export async function keepReplaced(rawInput: unknown): Promise<ReplacedResult> {
  let isRollBackWanted = false;
  setHandler(
    defineUpdate<string>(updateNames.rollBack),
    () => {
      isRollBackWanted = true;
      return 'rolling back';
    },
    { description: 'Puts back what the restore has replaced, and drops what it has restored' },
  );
  return runStory(rawInput, {
    workflow: 'keepReplaced',
    schema: keepReplacedInputSchema,
    subject: ({ restore, plan, files }) => plan?.to.source ?? files?.source.source ?? restore,
    body: (story, input) => keepAny(story, input, () => isRollBackWanted),
  });
}

async function keepAny(
  story: Story,
  input: KeepReplacedInput,
  isRollBackWanted: () => boolean,
): Promise<Outcome<ReplacedResult>> {
  const { restore, until, plan, files } = input;
  const place = plan?.to ?? files?.source;
  if (place === undefined) {
    throw toApplicationFailure(
      new Failure('InvalidInput', 'The input of keepReplaced is wrong: plan: is needed'),
    );
  }
  const { kind, repository, host } = place;
  const snapshot = plan?.snapshot ?? files?.snapshot ?? '';
  const note = `Kept until ${until}; \`resguardo rollback ${restore}\` puts it back`;
  story.know({ kind, repository, host, snapshot, note });
  story.mark('source');
  story.enter('keep');
  await condition(isRollBackWanted, Math.max(0, Date.parse(until) - Date.parse(story.now())));
  const isWanted = isRollBackWanted();
  return plan === undefined
    ? await endOfFiles(story, restore, isWanted ? files : undefined)
    : await endOfDatabases(story, { restore, plan }, isWanted);
}

/** What was overwritten is in a snapshot, and stays there; what the restore has added stays where it is. */
async function endOfFiles(
  story: Story,
  restore: string,
  files: ReplacedFiles | undefined,
): Promise<Outcome<ReplacedResult>> {
  const ended = { restore, databases: [], startedAt: story.startedAt };
  if (files === undefined) {
    return { result: { ...ended, outcome: 'kept', finishedAt: story.now() }, status: 'done' };
  }
  const { source, snapshot, include } = files;
  const request = { source, snapshot, include, target: '/', inPlace: true, passesOverMissing: true };
  const plan = await stepsOn(source).planRestore({ ...request, runId: story.runId });
  // Nothing of it was there before.
  if (plan.include.length > 0) await restorePlanned(story, plan);
  const result = { ...ended, outcome: 'rolled back', paths: plan.include, finishedAt: story.now() } as const;
  return { result, status: 'done' };
}

interface KeptDatabases {
  readonly restore: string;
  readonly plan: DatabasePlan;
}

async function endOfDatabases(
  story: Story,
  { restore, plan }: KeptDatabases,
  isRollBackWanted: boolean,
): Promise<Outcome<ReplacedResult>> {
  const steps = restoreStepsOn(plan.to);
  story.enter('swap');
  const outcome = isRollBackWanted ? 'rolled back' : 'removed';
  if (outcome === 'rolled back') {
    await steps.rollBackDatabases(plan);
    await steps.discardDatabases(plan);
  } else {
    await steps.dropReplaced(plan);
  }
  const databases = plan.databases
    .filter(({ replaced }) => replaced !== undefined)
    .map(({ target }) => target);
  const result = {
    restore,
    outcome,
    databases,
    startedAt: story.startedAt,
    finishedAt: story.now(),
  } as const;
  return { result, status: 'done' };
}
