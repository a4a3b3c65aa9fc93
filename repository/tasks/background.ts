import type { Slots } from './slots.ts';

/**
 * The tasks of a run that go on while it looks further. The first error stops them all, and is the one that
 * the run ends with.
 */
export class Background {
  /** Aborted by the caller's signal, and by the first error. */
  readonly signal: AbortSignal;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#stopping.signal]);
  }

  /** Waits for a slot, starts the task and gives its promise back, in an object so that it is not awaited. */
  async start<T>(slots: Slots, task: () => Promise<T>): Promise<{ readonly result: Promise<T> }> {
    await slots.acquire();
    if (this.signal.aborted) slots.release();
    this.throwIfStopped();
    return { result: this.track(task().finally(() => slots.release())) };
  }

  /** Takes over the care for a task's error; whoever awaits the task sees it too. */
  track<T>(task: Promise<T>): Promise<T> {
    this.#running.add(task);
    task.then(
      () => this.#running.delete(task),
      (error: unknown) => {
        this.#running.delete(task);
        this.stop(error);
      },
    );
    return task;
  }

  stop(error: unknown): void {
    this.#failure ??= { error };
    this.#stopping.abort(error);
  }

  throwIfStopped(): void {
    if (this.#failure) throw this.#failure.error;
    this.signal.throwIfAborted();
  }

  /** Waits until no task runs. Never rejects. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
