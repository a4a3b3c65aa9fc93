import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import {
  CancellationScope,
  defineQuery,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { z } from 'zod';
import type { RunReport } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { type Failure, isFailure } from '../contracts/failures.ts';
import { parseInput } from '../contracts/inputs.ts';
import type { Phase, Progress } from '../contracts/jobs.ts';
import { queryNames, type WorkflowType } from '../contracts/messages.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { describeRun } from './details.ts';
import { knownFailure } from './failures.ts';
import { tell } from './options.ts';

/** What a finished run says of itself in reports. */
export interface Outcome<Result> {
  readonly result: Result;
  readonly status: 'done' | 'partial';
}

export interface StoryOptions<Input, Result> {
  readonly workflow: WorkflowType;
  readonly schema: z.ZodType<Input>;
  /** Source or repository that the run is about, as far as the input tells. */
  readonly subject: (input: Input) => string;
  readonly body: (story: Story, input: Input) => Promise<Outcome<Result>>;
}

/** What becomes known of a run while it goes on; shown in the Web UI, told in reports. */
export interface RunFacts {
  readonly subject: string;
  readonly kind?: string;
  readonly repository?: string;
  /** Host that does the work. */
  readonly host?: string;
  /** A snapshot that is stored, or that is restored from. */
  readonly snapshot?: string;
  readonly bytesAdded?: number;
  /** One line for people. */
  readonly note?: string;
}

export type Numbers = Partial<Pick<Progress, 'filesDone' | 'bytesDone' | 'bytesStored'>>;

/**
 * Frames a workflow: answers queries from the first moment, parses the input, runs the body, tells people how
 * it ended, and ends with one clear failure. Every workflow of ours is a body in this frame.
 */
export async function runStory<Input, Result>(
  rawInput: unknown,
  options: StoryOptions<Input, Result>,
): Promise<Result> {
  const story = new Story(options.workflow);
  let result: Result | undefined;
  setHandler(defineQuery<Progress>(queryNames.progress), () => story.progress, {
    description: 'Step under way',
  });
  setHandler(defineQuery<Result | undefined>(queryNames.result), () => result, {
    description: 'Result, when finished',
  });

  const input = parsed(options, rawInput);
  story.know({ subject: options.subject(input) });
  story.enter('starting');
  try {
    const outcome = await options.body(story, input);
    result = outcome.result;
    await story.end(outcome.status);
    return outcome.result;
  } catch (error) {
    const failure = knownFailure(error, story.facts.host);
    // A fault of ours: Temporal keeps the run until a mended worker comes.
    if (failure === undefined) throw error;
    await story.end(isCancellation(error) ? 'cancelled' : 'failed', failure);
    throw isCancellation(error) ? error : toApplicationFailure(failure);
  }
}

/** How a run shows itself while it goes on: phase, numbers, search attributes, live details. */
export class Story {
  readonly runId = workflowInfo().runId;
  /** ISO, UTC. */
  readonly startedAt = workflowInfo().startTime.toISOString();
  readonly #workflow: WorkflowType;
  #facts: RunFacts = { subject: '' };
  #progress: Progress = { phase: 'starting', filesDone: 0, bytesDone: 0, bytesStored: 0 };

  constructor(workflow: WorkflowType) {
    this.#workflow = workflow;
  }

  get facts(): RunFacts {
    return this.#facts;
  }

  /** The numbers of finished steps; those of the step under way are in its heartbeats. */
  get progress(): Progress {
    return this.#progress;
  }

  /** Workflow time, the same at each replay; ISO, UTC. */
  now(): string {
    return new Date().toISOString();
  }

  know(facts: Partial<RunFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  count(numbers: Numbers): void {
    this.#progress = { ...this.#progress, ...numbers };
  }

  enter(phase: Phase): void {
    this.#progress = { ...this.#progress, phase };
    this.#show();
  }

  /** Makes the run findable: by source, kind and repository, as far as they are known. */
  mark(subject: 'source' | 'repository'): void {
    const { kind, repository } = this.#facts;
    upsertSearchAttributes([
      keyword('status', 'running'),
      ...(subject === 'source' ? [keyword('source', this.#facts.subject)] : []),
      ...(kind === undefined ? [] : [keyword('kind', kind)]),
      ...(repository === undefined ? [] : [keyword('repository', repository)]),
    ]);
  }

  /** Tells of the end, even when the run was cancelled. That telling fails does not change how a run ended. */
  async end(status: RunReport['status'], failure?: Failure): Promise<void> {
    const { bytesAdded } = this.#facts;
    const bytes = bytesAdded === undefined ? [] : [bytesAttribute(bytesAdded)];
    upsertSearchAttributes([keyword('status', status), ...bytes]);
    this.enter('notify');
    this.#show(failure);
    const report = this.#report(status, failure);
    await CancellationScope.nonCancellable(async () => {
      try {
        await tell.notify(report);
      } catch (error) {
        log.error('How the run ended could not be told', { error });
      }
    });
    this.#progress = { ...this.#progress, phase: 'finished' };
    this.#show(failure);
  }

  #report(status: RunReport['status'], failure: Failure | undefined): RunReport {
    const { subject, snapshot, bytesAdded } = this.#facts;
    return {
      workflow: this.#workflow,
      workflowId: workflowInfo().workflowId,
      runId: this.runId,
      subject,
      status,
      startedAt: this.startedAt,
      finishedAt: this.now(),
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(bytesAdded === undefined ? {} : { bytesAdded }),
      ...(failure === undefined
        ? {}
        : { message: failure.message, advice: failure.advice, failure: failure.type }),
    };
  }

  #show(failure?: Failure): void {
    const { startedAt } = this;
    const workflow = this.#workflow;
    setCurrentDetails(
      describeRun({ workflow, facts: this.#facts, progress: this.#progress, startedAt, failure }),
    );
  }
}

/** A wrong input fails the run at once: nobody needs to be told who has just typed it. */
function parsed<Input, Result>({ workflow, schema }: StoryOptions<Input, Result>, rawInput: unknown): Input {
  try {
    return parseInput(workflow, schema, rawInput);
  } catch (error) {
    if (!isFailure(error)) throw error;
    upsertSearchAttributes([keyword('status', 'failed')]);
    throw toApplicationFailure(error);
  }
}

type KeywordAttribute = Exclude<keyof typeof searchAttributes, 'bytesAdded'>;

function keyword(attribute: KeywordAttribute, value: string): SearchAttributePair {
  const { name, type } = searchAttributes[attribute];
  return { key: defineSearchAttributeKey(name, type), value };
}

function bytesAttribute(value: number): SearchAttributePair {
  const { name, type } = searchAttributes.bytesAdded;
  return { key: defineSearchAttributeKey(name, type), value };
}
