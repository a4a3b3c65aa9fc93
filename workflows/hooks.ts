import { CancellationScope, isCancellation, log, workflowInfo } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure, failureRules } from '../contracts/failures.ts';
import type { HookFacts, HookPoint, HookResult, ResolvedHook } from '../contracts/hooks.ts';
import type { ResolvedHost, ResolvedSource, Warning } from '../contracts/jobs.ts';
import { knownFailure } from './failures.ts';
import { hookOn } from './options.ts';
import type { Outcome, Story } from './story.ts';

export interface HookSettings {
  readonly story: Story;
  readonly place: ResolvedSource | ResolvedHost;
  readonly hooks: readonly ResolvedHook[];
  /** Of the source that they belong to; absent for those around a run over every source. */
  readonly source?: string;
  /** False when an earlier history of the run has run `before`. */
  readonly isBeginning?: boolean;
  /** What a hook is told beside what the story knows. */
  readonly facts: () => Partial<HookFacts>;
  /** Whether an outcome counts as a failure, so that `onFailure` runs instead of `after`. */
  readonly isFailed?: () => boolean;
}

/** What hooks have left for the result of a run. */
export interface HookReport {
  readonly results: readonly HookResult[];
  /** Of hooks that failed and need not end the run. */
  readonly warnings: readonly Warning[];
}

export interface HookedWork<Result> {
  /** The work; what it reads, it reads in `hooks.whileReading`. */
  readonly work: (hooks: Hooks) => Promise<Outcome<Result>>;
  /** Adds what the hooks have left to the result. */
  readonly amend: (result: Result, report: HookReport) => Result;
}

type Status = HookFacts['status'];

/**
 * Runs the work with its hooks: `before` and `afterRead` around its reading, then `after` or `onFailure`, and
 * `always`. Once the first one has been asked for, those that clean up run even if the run is cancelled.
 */
export async function withHooks<Result>(
  settings: HookSettings,
  { work, amend }: HookedWork<Result>,
): Promise<Outcome<Result>> {
  const hooks = new Hooks(settings);
  let outcome: Outcome<Result>;
  try {
    outcome = await work(hooks);
    hooks.throwLate();
    if (!settings.isFailed?.()) await hooks.run('after', outcome.status);
  } catch (error) {
    throw await hooks.endBadly(error);
  }
  await CancellationScope.nonCancellable(() => hooks.endWell(outcome.status));
  const report = hooks.report;
  const status = report.warnings.length > 0 ? 'partial' : outcome.status;
  return { result: amend(outcome.result, report), status };
}

/** The hooks of one run. */
export class Hooks {
  readonly #settings: HookSettings;
  readonly #results: HookResult[] = [];
  readonly #warnings: Warning[] = [];
  /** Failure of a hook that must not hold up what is still to be done. */
  #late: Failure | undefined;

  constructor(settings: HookSettings) {
    this.#settings = settings;
  }

  get report(): HookReport {
    return { results: this.#results, warnings: this.#warnings };
  }

  /** Runs `before`, the work, and `afterRead` however the two have ended. */
  async whileReading<T>(work: () => Promise<T>): Promise<T> {
    let status: Status = 'failed';
    let failure: Failure | undefined;
    try {
      if (this.#settings.isBeginning !== false) await this.run('before', 'running');
      const result = await work();
      status = 'running';
      return result;
    } catch (error) {
      failure = this.#failureOf(error);
      if (isCancellation(error)) status = 'cancelled';
      throw error;
    } finally {
      // Of a fault of ours the run goes on later from here, and comes by again.
      if (status === 'running' || failure !== undefined) await this.#cleanUp('afterRead', status, failure);
    }
  }

  /** Tells of a failed `afterRead` when all else is done. */
  throwLate(): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw toApplicationFailure(late);
  }

  /**
   * Runs the hooks of a point, one after the other.
   * @throws {ApplicationFailure} HookFailed and what else keeps a hook from running, unless it need not end the run
   */
  async run(point: HookPoint, status: Status, failure?: Failure): Promise<void> {
    for (const hook of this.#settings.hooks.filter((one) => one.point === point)) {
      await this.#runOne(hook, status, failure);
    }
  }

  async endWell(status: 'done' | 'partial'): Promise<void> {
    if (this.#settings.isFailed?.()) await this.#cleanUp('onFailure', status);
    await this.#cleanUp('always', status);
    this.throwLate();
  }

  /** Runs what is to be run after a failure or a cancellation. Returns what the run ends with. */
  async endBadly(error: unknown): Promise<unknown> {
    const failure = this.#failureOf(error);
    if (failure === undefined) return error;
    const status = isCancellation(error) ? 'cancelled' : 'failed';
    await CancellationScope.nonCancellable(async () => {
      await this.#cleanUp('onFailure', status, failure);
      await this.#cleanUp('always', status, failure);
    });
    return isCancellation(error) ? error : toApplicationFailure(this.#withLate(failure));
  }

  /** All hooks of the point, even when one fails: each may undo something of its own. */
  async #cleanUp(point: HookPoint, status: Status, failure?: Failure): Promise<void> {
    for (const hook of this.#settings.hooks.filter((one) => one.point === point)) {
      try {
        await CancellationScope.nonCancellable(() => this.#runOne(hook, status, failure));
      } catch (error) {
        const why = this.#failureOf(error);
        if (why === undefined) throw error;
        log.error('A hook that cleans up has failed', { point, name: hook.name, error });
        this.#late ??= why;
      }
    }
  }

  async #runOne(hook: ResolvedHook, status: Status, failure?: Failure): Promise<void> {
    const { story, place, source } = this.#settings;
    const { point, name, timeoutMs, onError } = hook;
    story.enter('hook', `${point}: ${name}`);
    const isCleanup = point === 'afterRead' || point === 'onFailure' || point === 'always';
    const step = hookOn(place, { summary: `Hook ${point}: ${name}`, timeoutMs, isCleanup });
    const facts = this.#facts(status, failure);
    const beganAtMs = Date.now();
    try {
      const { seconds } = await step.runHook({ ...(source === undefined ? {} : { source }), hook, facts });
      this.#results.push({ point, name, status: 'done', seconds });
    } catch (error) {
      const why = this.#failureOf(error);
      if (why === undefined || isCancellation(error)) throw error;
      const seconds = (Date.now() - beganAtMs) / 1000;
      this.#results.push({ point, name, status: 'failed', seconds, message: why.message });
      if (onError === 'fail') throw error;
      this.#warnings.push({ subject: `hook ${point}: ${name}`, message: why.message });
    }
  }

  #facts(status: Status, failure: Failure | undefined): HookFacts {
    const { story, facts } = this.#settings;
    const { kind, repository, host, schedule, snapshot, bytesAdded, warningCount } = story.facts;
    const { filesDone, bytesDone } = story.progress;
    const { workflowType, workflowId, firstExecutionRunId } = workflowInfo();
    return {
      workflow: workflowType,
      workflowId,
      runId: firstExecutionRunId,
      startedAt: story.startedAt,
      status,
      ...(kind === undefined ? {} : { kind }),
      ...(repository === undefined ? {} : { repository }),
      ...(host === undefined ? {} : { host }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(bytesAdded === undefined ? {} : { bytesAdded, files: filesDone, bytes: bytesDone }),
      ...(warningCount === undefined ? {} : { warnings: warningCount }),
      ...(failure === undefined ? {} : { failure: shown(failure) }),
      ...facts(),
    };
  }

  #failureOf(error: unknown): Failure | undefined {
    return knownFailure(error, this.#settings.place.host);
  }

  /** What a person must know beside why the run has failed: what was not undone. */
  #withLate(failure: Failure): Failure {
    const late = this.#late;
    if (late === undefined) return failure;
    const message = `${failure.message}. Besides: ${late.message}`;
    return new Failure(failure.type, message, { advice: failure.advice });
  }
}

function shown({ type, message }: Failure): NonNullable<HookFacts['failure']> {
  return { type, message, exitCode: failureRules[type].exitCode };
}
