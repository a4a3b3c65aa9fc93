import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CancellationScope,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { z } from 'zod';
import type { RunReport } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { isFailure } from '../contracts/failures.ts';
import { parseInput } from '../contracts/inputs.ts';
import type { Phase, Progress } from '../contracts/jobs.ts';
import { queryNames, type WorkflowType } from '../contracts/messages.ts';
import { type RunStatus, searchAttributes } from '../contracts/search-attributes.ts';
import { describeRun } from './details.ts';
import { knownFailure } from './failures.ts';
import { tell } from './options.ts';

/** What a finished run says of itself in reports. */
export interface Outcome<Result> {
  readonly result: Result;
  readonly status: 'done' | 'partial';
  readonly snapshot?: string;
  readonly bytesAdded?: number;
}

export interface StoryOptions<Input, Result> {
  readonly workflow: WorkflowType;
  readonly schema: z.ZodType<Input>;
  /** Source or repository that the run is about. */
  readonly subject: (input: Input) => string;
  readonly body: (story: Story, input: Input) => Promise<Outcome<Result>>;
}

/** How a run shows itself while it goes on: phase, numbers, search attributes. */
export interface Story {
  readonly runId: string;
  readonly startedAt: string;
  /** Workflow time, the same at each replay; ISO, UTC. */
  now(): string;
  enter(phase: Phase, note?: string): void;
  mark(attribute: KeywordAttribute, value: string): void;
}

type KeywordAttribute = Exclude<keyof typeof searchAttributes, 'bytesAdded'>;

/**
 * Frames a workflow: answers queries from the first moment, parses the input, runs the body, tells people how
 * it ended, and ends with one clear failure. Every workflow of ours is a body in this frame.
 */
export async function runStory<Input, Result>(
  rawInput: unknown,
  options: StoryOptions<Input, Result>,
): Promise<Result> {
  const startedAt = workflowInfo().startTime.toISOString();
  let phase: Phase = 'starting';
  let result: Result | undefined;
  setHandler(defineQuery<Progress>(queryNames.progress), () => noProgressIn(phase), {
    description: 'Step under way',
  });
  setHandler(defineQuery<Result | undefined>(queryNames.result), () => result, {
    description: 'Result, when finished',
  });

  const input = parsed(options, rawInput);
  const subject = options.subject(input);
  const story: Story = {
    runId: workflowInfo().runId,
    startedAt,
    now: () => new Date().toISOString(),
    enter: (next, note) => {
      phase = next;
      setCurrentDetails(describeRun({ workflow: options.workflow, subject, phase, startedAt, note }));
    },
    mark,
  };
  mark('status', 'running');
  story.enter('starting');
  try {
    const outcome = await options.body(story, input);
    result = outcome.result;
    story.enter('notify');
    await tellEnd(options.workflow, subject, { ...outcome, startedAt });
    story.enter(
      'finished',
      outcome.snapshot === undefined ? undefined : `Snapshot \`${outcome.snapshot.slice(0, 8)}\``,
    );
    return outcome.result;
  } catch (error) {
    throw await failRun(error, { workflow: options.workflow, subject, startedAt });
  }
}

interface FailedRun {
  readonly workflow: WorkflowType;
  readonly subject: string;
  readonly startedAt: string;
}

/** Tells of the end, even when the run was cancelled, and gives back what to throw. */
async function failRun(error: unknown, { workflow, subject, startedAt }: FailedRun): Promise<unknown> {
  const failure = knownFailure(error);
  if (failure === undefined) return error;
  const status = isCancellation(error) ? 'cancelled' : 'failed';
  await CancellationScope.nonCancellable(async () => {
    setCurrentDetails(describeRun({ workflow, subject, phase: 'finished', startedAt, failure }));
    await tellEnd(workflow, subject, { status, startedAt, message: failure.message, advice: failure.advice });
  });
  return isCancellation(error) ? error : toApplicationFailure(failure);
}

type End = Pick<RunReport, 'status' | 'startedAt' | 'snapshot' | 'bytesAdded' | 'message' | 'advice'>;

async function tellEnd(workflow: WorkflowType, subject: string, end: End): Promise<void> {
  mark('status', end.status);
  if (end.bytesAdded !== undefined) markBytes(end.bytesAdded);
  const { workflowId, runId } = workflowInfo();
  await tell.notify({
    workflow,
    workflowId,
    runId,
    subject,
    status: end.status,
    startedAt: end.startedAt,
    finishedAt: new Date().toISOString(),
    ...(end.snapshot === undefined ? {} : { snapshot: end.snapshot }),
    ...(end.bytesAdded === undefined ? {} : { bytesAdded: end.bytesAdded }),
    ...(end.message === undefined ? {} : { message: end.message }),
    ...(end.advice === undefined ? {} : { advice: end.advice }),
  });
}

/** A wrong input fails the run at once: nobody needs to be told who has just typed it. */
function parsed<Input, Result>({ workflow, schema }: StoryOptions<Input, Result>, rawInput: unknown): Input {
  try {
    return parseInput(workflow, schema, rawInput);
  } catch (error) {
    if (!isFailure(error)) throw error;
    mark('status', 'failed');
    throw toApplicationFailure(error);
  }
}

function mark(attribute: KeywordAttribute, value: string | RunStatus): void {
  const { name, type } = searchAttributes[attribute];
  upsertSearchAttributes([{ key: defineSearchAttributeKey(name, type), value }]);
}

function markBytes(value: number): void {
  const { name, type } = searchAttributes.bytesAdded;
  upsertSearchAttributes([{ key: defineSearchAttributeKey(name, type), value }]);
}

/** Numbers come from the heartbeats of the step under way; the workflow itself knows the phase. */
function noProgressIn(phase: Phase): Progress {
  return { phase, filesDone: 0, bytesDone: 0, bytesStored: 0 };
}
