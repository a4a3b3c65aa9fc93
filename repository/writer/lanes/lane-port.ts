import type { Chunker } from '../../chunker/chunker.ts';
import { startThread } from '../../jobs/job-thread.ts';
import { LaneWork } from './lane-work.ts';
import type { LaneOrder, LaneReport, LaneSetup } from './messages.ts';

/** One who does the work: a thread, or this thread between its other work. */
export interface LanePort {
  order(order: LaneOrder): void;
  /** Whether the process must not end before the lane has reported. */
  setBusy(isBusy: boolean): void;
  /** Ends the lane where it stands, once it has started; resolves when it touches nothing any more. */
  close(): Promise<void>;
}

export interface LaneListener {
  onReport(report: LaneReport): void;
  onCrash(error: unknown): void;
}

/** A lane in this thread: for the first few megabytes, for which starting threads would cost more. */
export function openLocalLane(setup: LaneSetup, chunker: Chunker, listener: LaneListener): LanePort {
  let isClosed = false;
  const work = new LaneWork(setup, chunker, (report) => {
    if (!isClosed) listener.onReport(report);
  });
  return {
    order: (order) => work.take(order),
    setBusy: () => {},
    close: async () => {
      isClosed = true;
      work.stop();
    },
  };
}

/** A lane in a thread of its own. It reports `ready` when it has started. */
export function openThreadLane(setup: LaneSetup, listener: LaneListener): LanePort {
  const program = new URL('lane-thread.ts', import.meta.url);
  const thread = startThread(program, { name: 'repository lane', data: setup });
  const started = Promise.withResolvers<void>();
  let isClosed = false;
  thread.on('message', (report: LaneReport) => {
    started.resolve();
    if (!isClosed) listener.onReport(report);
  });
  thread.on('error', (error) => listener.onCrash(error));
  thread.on('exit', (code) => {
    started.resolve();
    if (!isClosed) listener.onCrash(new Error(`the thread ended with code ${code}`));
  });
  return {
    order: (order) => thread.postMessage(order),
    setBusy: (isBusy) => {
      if (isBusy) thread.ref();
      else thread.unref();
    },
    close: async () => {
      isClosed = true;
      // A thread that is ended while it loads a native library can take the whole process with it.
      thread.ref();
      await started.promise;
      await thread.terminate();
    },
  };
}
