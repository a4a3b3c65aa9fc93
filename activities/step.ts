import { Context } from '@temporalio/activity';
import { Failure } from '../contracts/failures.ts';
import type { Phase, Progress } from '../contracts/jobs.ts';
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
  { timing, logger }: ActivityDependencies,
  phase: Phase,
  work: (step: Step) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const { activityType, attempt, workflowExecution, taskQueue } = context.info;
  const watch = watchProgress({
    phase,
    timing,
    heartbeat: (progress) => context.heartbeat(progress),
    cancelled: context.cancellationSignal,
  });
  try {
    return await watch.run((signal) => work({ signal, attempt, report: watch.report }));
  } catch (error) {
    const { workflowId, runId } = workflowExecution ?? {};
    const cancelled = context.cancellationSignal.aborted ? context.cancellationSignal.reason : undefined;
    const told = { step: activityType, attempt, workflowId, runId, taskQueue };
    if (cancelled === undefined) logger.warn({ ...told, err: error }, 'A step failed');
    else logger.info({ ...told, reason: String(cancelled.message ?? cancelled) }, 'A step was stopped');
    throw failureForTemporal(error, {
      step: activityType,
      attempt,
      storageFullRetryMs: timing.storageFullRetryMs,
      cancelled,
    });
  } finally {
    watch.stop();
  }
}

/** Short activities of the control queue: no heartbeat, but the same translation. */
export async function runLookUp<T>(
  { logger, timing }: ActivityDependencies,
  work: () => Promise<T> | T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { activityType, attempt, workflowExecution } = Context.current().info;
    const { workflowId, runId } = workflowExecution ?? {};
    logger.warn({ step: activityType, attempt, workflowId, runId, err: error }, 'A step failed');
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
