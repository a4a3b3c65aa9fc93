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
import type { RunBeginning, RunReport } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { type Failure, isFailure } from '../contracts/failures.ts';
import { parseInput } from '../contracts/inputs.ts';
import type { Phase, Progress, Warning } from '../contracts/jobs.ts';
import { queryNames, type WorkflowType } from '../contracts/messages.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { describeRun } from './details.ts';
import { knownFailure } from './failures.ts';
import { record, tell } from './options.ts';

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
  /** Schedule that has started the run. */
  readonly schedule?: (input: Input) => string | undefined;
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
  /** Schedule that has started the run, by its id. */
  readonly schedule?: string;
  /** Bytes of new data before compression. */
  readonly bytesNew?: number;
  readonly warnings?: readonly Warning[];
  readonly warningCount?: number;
  /** Runs of their own have told people of the trouble already. */
  readonly isToldElsewhere?: boolean;
  /** How it ended, in a sentence, where the status says too little. */
  readonly ending?: string;
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
  const schedule = options.schedule?.(input);
  story.know({ subject: options.subject(input), ...(schedule === undefined ? {} : { schedule }) });
  story.enter('starting');
  story.begin();
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
  readonly #workflow: WorkflowType;
  /** Resolves when the beginning is in the history of runs, or cannot be. */
  #recorded: Promise<void> = Promise.resolve();
  #startedAt = workflowInfo().startTime.toISOString();
  #facts: RunFacts = { subject: '' };
  #progress: Progress = { phase: 'starting', filesDone: 0, bytesDone: 0, bytesStored: 0 };

  constructor(workflow: WorkflowType) {
    this.#workflow = workflow;
  }

  /** ISO, UTC. */
  get startedAt(): string {
    return this.#startedAt;
  }

  /** For a run that goes on in another history: when the first one began. */
  beganAt(startedAt: string): void {
    this.#startedAt = startedAt;
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

  /** Enters the run into the history of runs, without waiting for it. One that goes on is there already. */
  begin(): void {
    if (workflowInfo().continuedFromExecutionRunId !== undefined) return;
    this.#recorded = CancellationScope.nonCancellable(() => record.recordStart(this.#beginning())).catch(
      (error: unknown) => log.warn('The beginning of the run could not be recorded', { error }),
    );
  }

  know(facts: Partial<RunFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  count(numbers: Numbers): void {
    this.#progress = { ...this.#progress, ...numbers };
  }

  /** `current` is what the step is about, where that is known before it tells. */
  enter(phase: Phase, current?: string): void {
    const { current: _, ...numbers } = this.#progress;
    this.#progress = { ...numbers, phase, ...(current === undefined ? {} : { current }) };
    this.#show();
  }

  /** Makes the run findable: by source, kind and repository, as far as they are known and it is about one. */
  mark(subject: 'source' | 'repository' | 'run'): void {
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
    await this.#recorded;
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

  #beginning(): RunBeginning {
    const { subject, kind, host, repository, schedule } = this.#facts;
    const { workflowId, continuedFromExecutionRunId, firstExecutionRunId } = workflowInfo();
    return {
      workflow: this.#workflow,
      workflowId,
      runId: continuedFromExecutionRunId === undefined ? this.runId : firstExecutionRunId,
      subject,
      startedAt: this.startedAt,
      ...(kind === undefined ? {} : { kind }),
      ...(host === undefined ? {} : { host }),
      ...(repository === undefined ? {} : { repository }),
      ...(schedule === undefined ? {} : { schedule }),
    };
  }

  #report(status: RunReport['status'], failure: Failure | undefined): RunReport {
    const {
      snapshot,
      bytesAdded,
      bytesNew,
      warnings = [],
      warningCount,
      isToldElsewhere,
      ending,
    } = this.#facts;
    const { bytesDone, filesDone } = this.#progress;
    return {
      ...this.#beginning(),
      status,
      finishedAt: this.now(),
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(bytesAdded === undefined ? {} : { bytesAdded }),
      ...(bytesNew === undefined ? {} : { bytesNew }),
      ...(bytesDone === 0 ? {} : { bytesProcessed: bytesDone }),
      ...(filesDone === 0 ? {} : { files: filesDone }),
      ...(warnings.length === 0 ? {} : { warnings: warnings.slice(0, reportedWarnings) }),
      ...(warningCount === undefined ? {} : { warningCount }),
      ...(isToldElsewhere === undefined ? {} : { isToldElsewhere }),
      ...(failure === undefined
        ? { ...(ending === undefined ? {} : { message: ending }) }
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

/** As many as the history of runs keeps. */
const reportedWarnings = 20;

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
