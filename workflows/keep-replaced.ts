import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import type { ReplacedResult } from '../contracts/database-restore.ts';
import { type KeepReplacedInput, keepReplacedInputSchema } from '../contracts/inputs.ts';
import { updateNames } from '../contracts/messages.ts';
import { restoreStepsOn } from './options.ts';
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
    subject: (input) => input.plan.to.source,
    body: (story, input) => watch(story, input, () => isRollBackWanted),
  });
}

async function watch(
  story: Story,
  { restore, until, plan }: KeepReplacedInput,
  isRollBackWanted: () => boolean,
): Promise<Outcome<ReplacedResult>> {
  const { kind, repository, host } = plan.to;
  story.know({
    kind,
    repository,
    host,
    snapshot: plan.snapshot,
    note: `Kept until ${until}; \`resguardo rollback ${restore}\` puts it back`,
  });
  story.mark('source');
  story.enter('keep');
  await condition(isRollBackWanted, Math.max(0, Date.parse(until) - Date.parse(story.now())));
  const steps = restoreStepsOn(plan.to);
  story.enter('swap');
  const outcome = isRollBackWanted() ? 'rolled back' : 'removed';
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
