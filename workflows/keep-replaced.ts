import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  condition,
  defineUpdate,
  setHandler,
  startChild,
} from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import type { ReplacedResult, RollBackRun } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import { type KeepReplacedInput, keepReplacedInputSchema } from '../contracts/inputs.ts';
import { updateNames, workflowTypes } from '../contracts/messages.ts';
import { restoreWorkflowId } from '../contracts/queues.ts';
import { knownFailure } from './failures.ts';
import { childRun, restoreStepsOn } from './options.ts';
import { replacedIn, type rollBackRestore } from './roll-back-restore.ts';
import { type Outcome, runStory, type Story } from './story.ts';

/** After a roll-back that failed there must be time to mend what was in its way. */
const afterFailureMs = 24 * 3_600_000;

/**
 * Keeps what a restore has replaced until its time is over, then removes it; or has it put back when the update
 * `rollback` asks for it. A restore starts it; its id is `replaced/<name of the restore>`.
 */
export async function keepReplaced(rawInput: unknown): Promise<ReplacedResult> {
  const wish = listenForRollBack();
  return runStory(rawInput, {
    workflow: 'keepReplaced',
    schema: keepReplacedInputSchema,
    subject: ({ restore, plan, files }) => plan?.to.source ?? files?.source.source ?? restore,
    body: (story, input) => keepAny(story, input, wish),
  });
}

type RollBack = ChildWorkflowHandle<typeof rollBackRestore>;

interface Wish {
  /** From now on roll-backs are started. */
  listen(input: KeepReplacedInput): void;
  /** Resolves with the roll-back that was asked for and has begun; undefined when the time is over. */
  within(ms: number): Promise<RollBack | undefined>;
  /** It has failed: another one may begin. */
  again(): void;
}

/** Listens to the update `rollback`. It is refused while a restore of the source is under way; asked twice, it is one. */
function listenForRollBack(): Wish {
  let known: KeepReplacedInput | undefined;
  let begun: RollBack | undefined;
  let isBeginning = false;
  setHandler(
    defineUpdate<RollBackRun>(updateNames.rollBack),
    async () => {
      await condition(() => known !== undefined && !isBeginning);
      isBeginning = true;
      try {
        begun ??= await beginRollBack(known);
        return { workflowId: begun.workflowId, runId: begun.firstExecutionRunId };
      } finally {
        isBeginning = false;
      }
    },
    { description: 'Puts back what the restore has replaced, and drops what it has restored' },
  );
  return {
    listen(input) {
      known = input;
    },
    async within(ms) {
      await condition(() => begun !== undefined, ms);
      // An update that came in the last moment is answered.
      await condition(() => !isBeginning);
      return begun;
    },
    again() {
      begun = undefined;
    },
  };
}

/** @throws {ApplicationFailure} AlreadyRunning */
async function beginRollBack(input: KeepReplacedInput | undefined): Promise<RollBack> {
  const source = sourceOf(input);
  try {
    return await startChild<typeof rollBackRestore>(workflowTypes.rollBackRestore, {
      ...childRun,
      workflowId: restoreWorkflowId(source),
      args: [input],
      staticSummary: `Put back what the restore **${input?.restore}** has replaced`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const message = `A restore or a roll-back of ${source} is under way, and would write at the same time`;
    const advice = `Wait for its end, or cancel it with \`temporal workflow cancel --workflow-id ${restoreWorkflowId(source)}\`.`;
    throw toApplicationFailure(new Failure('AlreadyRunning', message, { advice }));
  }
}

/** Source of the snapshot that was restored: one restore or roll-back of it at a time. */
function sourceOf(input: KeepReplacedInput | undefined): string {
  const source = input?.plan?.source ?? input?.files?.source;
  if (source !== undefined) return source.source;
  throw toApplicationFailure(
    new Failure('InvalidInput', 'The input of keepReplaced is wrong: plan: is needed'),
  );
}

async function keepAny(story: Story, input: KeepReplacedInput, wish: Wish): Promise<Outcome<ReplacedResult>> {
  const { restore, plan, files } = input;
  sourceOf(input);
  const place = plan?.to ?? files?.source;
  const snapshot = plan?.snapshot ?? files?.snapshot ?? '';
  story.know({
    ...(place && { kind: place.kind, repository: place.repository, host: place.host }),
    snapshot,
  });
  story.mark('source');
  story.enter('keep');
  wish.listen(input);
  let hasFailed = false;
  for (let until = input.until; ; ) {
    story.know({ note: `Kept until ${until}; \`resguardo rollback ${restore}\` puts it back` });
    const rollBack = await wish.within(Math.max(0, Date.parse(until) - Date.parse(story.now())));
    if (rollBack === undefined) return await endOfTime(story, input, hasFailed);
    try {
      const result = await rollBack.result();
      return { result: { ...result, startedAt: story.startedAt }, status: 'done' };
    } catch (error) {
      // It has told people itself. What was replaced is still there.
      if (knownFailure(error) === undefined) throw error;
      hasFailed = true;
      wish.again();
      const soonest = Date.parse(story.now()) + afterFailureMs;
      until = new Date(Math.max(Date.parse(until), soonest)).toISOString();
    }
  }
}

/**
 * Databases are removed; after a roll-back that has failed behind its swap, those that were restored. What was
 * overwritten of files is in a snapshot, and stays there.
 */
async function endOfTime(
  story: Story,
  { restore, plan }: KeepReplacedInput,
  hasFailed: boolean,
): Promise<Outcome<ReplacedResult>> {
  const ended = {
    restore,
    databases: plan === undefined ? [] : replacedIn(plan),
    startedAt: story.startedAt,
  };
  if (plan === undefined) {
    return { result: { ...ended, outcome: 'kept', finishedAt: story.now() }, status: 'done' };
  }
  story.enter('swap');
  await restoreStepsOn(plan.to).dropReplaced(plan);
  if (hasFailed) await restoreStepsOn(plan.to).discardDatabases(plan);
  return { result: { ...ended, outcome: 'removed', finishedAt: story.now() }, status: 'done' };
}
