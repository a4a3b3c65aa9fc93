import { Context } from '@temporalio/activity';
import { Failure } from '../contracts/failures.ts';
import type { Phase, Progress } from '../contracts/jobs.ts';
import type { Logger } from '../logging/logger.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureForTemporal } from './failure.ts';
import { watchProgress } from './heartbeat.ts';

/** What the work of an activity gets. */
export interface Step {
  /** Aborts when the run is cancelled, the worker shuts down, or nothing has moved for too long. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Tells how far the step is; also what keeps the watchdog quiet. */
  report(progress: Partial<Omit<Progress, 'phase'>>): void;
}

/**
 * Runs the work of an activity on a host: heartbeats, watches over its progress, stops it when asked, and
 * translates what it throws. What goes wrong is logged here with its cause; Temporal is told without.
 */
export async function runStep<T>(
  { timing, logger, failpoint }: ActivityDependencies,
  phase: Phase,
  work: (step: Step) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const { cancellationSignal: cancelled } = context;
  const { attempt } = context.info;
  const log = stepLogger(logger, context);
  const watch = watchProgress({
    phase,
    timing,
    heartbeat: (progress) => context.heartbeat(progress),
    cancelled,
  });
  const onStop = (): void => log.info({ reason: reasonOf(cancelled) }, 'A step is asked to stop');
  cancelled.addEventListener('abort', onStop, { once: true });
  try {
    return await watch.run(async (signal) => {
      await failpoint?.(`before ${context.info.activityType}`);
      const result = await work({ signal, attempt, report: watch.report });
      await failpoint?.(`after ${context.info.activityType}`);
      return result;
    });
  } catch (error) {
    if (cancelled.aborted) log.info('A step has stopped');
    else log.warn({ err: error }, 'A step failed');
    throw failureForTemporal(error, {
      step: context.info.activityType,
      attempt,
      storageFullRetryMs: timing.storageFullRetryMs,
      cancelled: cancelled.aborted ? cancelled.reason : undefined,
    });
  } finally {
    cancelled.removeEventListener('abort', onStop);
    watch.stop();
  }
}

function stepLogger(logger: Logger, { info }: Context): Logger {
  const { activityType, attempt, workflowExecution } = info;
  const { workflowId, runId } = workflowExecution ?? {};
  return logger.child({ step: activityType, attempt, workflowId, runId });
}

/** CANCELLED, WORKER_SHUTDOWN, TIMED_OUT and so on. */
function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** Short activities of the control queue: no heartbeat, but the same translation. */
export async function runLookUp<T>(
  { logger, timing }: ActivityDependencies,
  work: () => Promise<T> | T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const context = Context.current();
    const { activityType, attempt } = context.info;
    stepLogger(logger, context).warn({ err: error }, 'A step failed');
    throw failureForTemporal(error, {
      step: activityType,
      attempt,
      storageFullRetryMs: timing.storageFullRetryMs,
    });
  }
}

/** For work that cannot be interrupted half-way: stops before the next piece of it. */
export function throwIfStopped(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw signal.reason instanceof Error ? signal.reason : new Failure('Cancelled', 'The step was stopped');
}
