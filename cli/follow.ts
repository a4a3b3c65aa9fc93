import { Failure } from '../contracts/failures.ts';
import type { Progress } from '../contracts/jobs.ts';
import { cancelRun, hasWorker, type Run, runResult } from '../control/runs.ts';
import { type Retry, watchRun } from '../control/watch.ts';
import type { CommandContext } from './context.ts';
import { formatTime } from './output/format.ts';
import type { ProgressBoard } from './output/progress-board.ts';

export interface FollowOptions {
  /** What the run is about, for the row. */
  readonly title: string;
  readonly board: ProgressBoard;
  /** Sees what is shown. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Shows a run's progress until it ends. The first Ctrl-C asks Temporal to cancel the run and waits until it
 * has cleaned up, the second leaves that to Temporal. A run that somebody else started is only left.
 * @throws {Failure} what the run failed with; Cancelled
 */
export async function followRun<Result>(
  { interrupt, signal }: Pick<CommandContext, 'interrupt' | 'signal'>,
  run: Run<Result>,
  { title, board, onProgress }: FollowOptions,
): Promise<Result> {
  const row = board.row(title);
  const left = new AbortController();
  const leave = (): void => left.abort(leftFailure(run));
  const cancel = (): void => {
    board.note(`Cancelling ${run.workflowId}; press Ctrl-C again to leave it to Temporal`);
    cancelRun(run).catch(leave);
  };
  const onFirst = run.joined ? leave : cancel;
  const forgetSecond = interrupt.onSecond(leave);
  signal.addEventListener('abort', onFirst, { once: true });
  if (signal.aborted) onFirst();
  try {
    const show = (progress: Progress): void => {
      row.update(progress);
      onProgress?.(progress);
    };
    const onRetry = (retry: Retry): void => board.note(describeRetry(title, retry));
    return await showUntilEnd(run, show, { signal: left.signal, onRetry });
  } finally {
    signal.removeEventListener('abort', onFirst);
    forgetSecond();
    row.finish();
  }
}

/** Says so if nobody would take the run up. */
export async function noteMissingWorker(run: Run<unknown>, board: ProgressBoard): Promise<void> {
  if (await hasWorker(run.control)) return;
  board.note('No worker is running: the run waits for one. Start `resguardo worker`, or `resguardo up`.');
}

async function showUntilEnd<Result>(
  run: Run<Result>,
  show: (progress: Progress) => void,
  options: { readonly signal: AbortSignal; readonly onRetry: (retry: Retry) => void },
): Promise<Result> {
  for await (const progress of watchRun(run, options)) show(progress);
  return runResult(run, options.signal);
}

/** Whoever waits must hear why it takes so long, and can mend it meanwhile. */
function describeRetry(title: string, { failure: { message, advice }, at }: Retry): string {
  return `${title}: ${message}\n  ${advice}\n  It is tried again at ${formatTime(at)}.`;
}

function leftFailure({ workflowId, joined }: Run<unknown>): Failure {
  return joined
    ? new Failure('Cancelled', `Left ${workflowId}, which goes on`, { advice: '' })
    : new Failure('Cancelled', `Left ${workflowId}, which Temporal is cancelling`, { advice: '' });
}
