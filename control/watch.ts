import { setTimeout as delay } from 'node:timers/promises';
import type { Payload } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { Progress } from '../contracts/jobs.ts';
import { queryNames } from '../contracts/messages.ts';
import { type Run, runResult } from './runs.ts';

export interface WatchOptions {
  /** Ends the watching; the run goes on. */
  readonly signal?: AbortSignal;
  /** Time between two looks while something changes. */
  readonly fastMs?: number;
  /** Time between two looks while nothing does. */
  readonly slowMs?: number;
}

/** Temporal cannot be asked to tell of heartbeats, so we look again and again, and stop as the run ends. */
const defaults = { fastMs: 500, slowMs: 1000 };

/**
 * Follows a run until it ends, however it ends: `runResult` tells that. Yields what changed. A server that is
 * away for a while is waited for.
 */
export async function* watchRun(run: Run<unknown>, options: WatchOptions = {}): AsyncGenerator<Progress> {
  const { fastMs, slowMs } = { ...defaults, ...options };
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  const onEnd = (): void => stop.abort();
  runResult(run, signal).then(onEnd, onEnd);
  try {
    let shown = '';
    while (!signal.aborted) {
      const progress = await readProgress(run, signal).catch(() => undefined);
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

/** What the run says now: the step under way by its last heartbeat, else the workflow's own word. */
async function readProgress(run: Run<unknown>, signal: AbortSignal): Promise<Progress | undefined> {
  const { watcher } = run.control;
  const handle = watcher.workflow.getHandle(run.workflowId, run.runId);
  return watcher.withAbortSignal(signal, async () => {
    const { raw } = await handle.describe();
    for (const activity of raw.pendingActivities ?? []) {
      const payloads: Payload[] = activity.heartbeatDetails?.payloads ?? [];
      const details = await decodeArrayFromPayloads(watcher.options.loadedDataConverter, payloads);
      const progress = details.find(isProgress);
      if (progress) return progress;
    }
    const answer: unknown = await handle.query(queryNames.progress);
    return isProgress(answer) ? answer : undefined;
  });
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
