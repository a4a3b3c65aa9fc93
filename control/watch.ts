import { setTimeout as delay } from 'node:timers/promises';
import type { LoadedDataConverter, Payload } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { tsToDate } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import type { Failure } from '../contracts/failures.ts';
import type { Progress } from '../contracts/jobs.ts';
import { queryNames } from '../contracts/messages.ts';
import { translateFailure } from './failures.ts';
import { type Run, runResult } from './runs.ts';

/** A step has failed, and is tried again. */
export interface Retry {
  /** What it failed with. */
  readonly failure: Failure;
  /** When that is; in the past if it is under way. */
  readonly at: Date;
}

export interface WatchOptions {
  /** Ends the watching; the run goes on. */
  readonly signal?: AbortSignal;
  /** Time between two looks while something changes. */
  readonly fastMs?: number;
  /** Time between two looks while nothing does. */
  readonly slowMs?: number;
  /** Called once for each attempt that has failed, as far as it is seen. */
  readonly onRetry?: (retry: Retry) => void;
}

/** Temporal cannot be asked to tell of heartbeats, so we look again and again, and stop as the run ends. */
const defaults = { fastMs: 500, slowMs: 1000 };

/**
 * Follows a run until it ends, however it ends: `runResult` tells that. Yields what changed. A server that is
 * away for a while is waited for.
 */
export async function* watchRun(run: Run<unknown>, options: WatchOptions = {}): AsyncGenerator<Progress> {
  const { fastMs, slowMs, onRetry } = { ...defaults, ...options };
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  const onEnd = (): void => stop.abort();
  runResult(run, signal).then(onEnd, onEnd);
  try {
    let shown = '';
    const told = new Set<string>();
    while (!signal.aborted) {
      const look = await lookAt(run, signal).catch(() => undefined);
      for (const { key, retry } of look?.retries ?? []) {
        if (!told.has(key) && !signal.aborted) onRetry?.(retry);
        told.add(key);
      }
      const progress = look?.progress;
      const state = JSON.stringify(progress);
      const changed = progress !== undefined && state !== shown;
      if (progress && changed && !signal.aborted) yield progress;
      shown = state;
      await delay(changed ? fastMs : slowMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    stop.abort();
  }
}

interface Look {
  readonly progress: Progress | undefined;
  readonly retries: readonly { readonly key: string; readonly retry: Retry }[];
}

/** What the run says now: the step under way by its last heartbeat, else the workflow's own word. */
async function lookAt(run: Run<unknown>, signal: AbortSignal): Promise<Look> {
  const { watcher } = run.control;
  const converter = watcher.options.loadedDataConverter;
  const handle = watcher.workflow.getHandle(run.workflowId, run.runId);
  return watcher.withAbortSignal(signal, async () => {
    const { raw } = await handle.describe();
    const pending = raw.pendingActivities ?? [];
    const retries = await retriesOf(pending, converter);
    for (const activity of pending) {
      const payloads: Payload[] = activity.heartbeatDetails?.payloads ?? [];
      const details = await decodeArrayFromPayloads(converter, payloads);
      const progress = details.find(isProgress);
      if (progress) return { progress, retries };
    }
    const answer: unknown = await handle.query(queryNames.progress);
    return { progress: isProgress(answer) ? answer : undefined, retries };
  });
}

async function retriesOf(
  pending: readonly temporal.api.workflow.v1.IPendingActivityInfo[],
  converter: LoadedDataConverter,
): Promise<Look['retries']> {
  const retries: Look['retries'][number][] = [];
  for (const { activityId, attempt, lastFailure, scheduledTime, lastStartedTime } of pending) {
    const error = await decodeOptionalFailureToOptionalError(converter, lastFailure);
    const time = scheduledTime ?? lastStartedTime;
    if (error === undefined || !time) continue;
    retries.push({
      key: `${activityId} ${attempt}`,
      retry: { failure: translateFailure(error), at: tsToDate(time) },
    });
  }
  return retries;
}

function isProgress(value: unknown): value is Progress {
  return (
    value !== null &&
    typeof value === 'object' &&
    'phase' in value &&
    typeof value.phase === 'string' &&
    'bytesDone' in value &&
    typeof value.bytesDone === 'number' &&
    'filesDone' in value &&
    typeof value.filesDone === 'number'
  );
}
