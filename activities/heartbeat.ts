import { Failure } from '../contracts/failures.ts';
import type { Phase, Progress } from '../contracts/jobs.ts';
import type { ActivityTiming } from './dependencies.ts';

export interface WatchedStep {
  readonly phase: Phase;
  readonly timing: Pick<ActivityTiming, 'heartbeatEveryMs' | 'stalledAfterMs' | 'abandonAfterMs'>;
  /** Sends the progress to Temporal. */
  readonly heartbeat: (progress: Progress) => void;
  /** Aborts when the run is cancelled or the worker shuts down. */
  readonly cancelled: AbortSignal;
}

export interface ProgressWatch {
  report(progress: Partial<Omit<Progress, 'phase'>>): void;
  /** Runs the work under a signal that joins cancellation and watchdog. */
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  stop(): void;
}

/** Longer texts than this are cut: heartbeats are kept by the server. */
const longestCurrent = 300;

/**
 * Sends a heartbeat by timer, whether or not the work moves, since a blocked pipe does not mean a dead worker;
 * beside it a watchdog aborts the work as `Stalled` when nothing has moved for too long, since a hung dump
 * would heartbeat for ever. Time is counted in beats, so that a paused machine does not look like a stall.
 */
export function watchProgress({ phase, timing, heartbeat, cancelled }: WatchedStep): ProgressWatch {
  const stalled = new AbortController();
  const signal = AbortSignal.any([cancelled, stalled.signal]);
  const beatsToStall = Math.ceil(timing.stalledAfterMs / timing.heartbeatEveryMs);
  let progress: Progress = { phase, filesDone: 0, bytesDone: 0, bytesStored: 0 };
  let moved = false;
  let idleBeats = 0;
  const beat = (): void => {
    idleBeats = moved ? 0 : idleBeats + 1;
    moved = false;
    if (idleBeats >= beatsToStall) stalled.abort(stall(progress, timing.stalledAfterMs));
    heartbeat(progress);
  };
  const timer = setInterval(beat, timing.heartbeatEveryMs);
  heartbeat(progress);

  return {
    report(update) {
      const next = { ...progress, ...update, ...cut(update.current) };
      moved ||= differs(progress, next);
      progress = next;
    },
    run: (work) => withinPatience(work(signal), signal, timing.abandonAfterMs),
    stop: () => clearInterval(timer),
  };
}

/** Work that does not stop when told is left behind, so that Temporal can try again elsewhere. */
async function withinPatience<T>(work: Promise<T>, signal: AbortSignal, patienceMs: number): Promise<T> {
  const abandoned = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => abandoned.reject(signal.reason), patienceMs);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, abandoned.promise]);
  } catch (error) {
    // The reason says more than how the work took the interruption.
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

function differs(before: Progress, after: Progress): boolean {
  return (
    before.filesDone !== after.filesDone ||
    before.bytesDone !== after.bytesDone ||
    before.bytesStored !== after.bytesStored ||
    before.current !== after.current
  );
}

function cut(current: string | undefined): Pick<Progress, 'current'> {
  return current === undefined ? {} : { current: current.slice(0, longestCurrent) };
}

function stall({ phase, current }: Progress, stalledAfterMs: number): Failure {
  const place = current === undefined ? '' : ` at ${current}`;
  const minutes = Math.round(stalledAfterMs / 60_000);
  return new Failure('Stalled', `The step ${phase} made no progress${place} for ${minutes} minutes`);
}
