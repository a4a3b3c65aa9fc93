import { Failure } from '../contracts/failures.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C and its kin. The first asks the command to stop: it cancels its work, releases its locks and ends.
 * What the second does is the command's choice; as long as it made none, the process ends at once.
 */
export class Interrupt {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #onSecond = new Set<() => void>();
  readonly #handler = (name: NodeJS.Signals): void => this.#receive(name);

  constructor() {
    this.signal = this.#controller.signal;
  }

  listen(): void {
    for (const name of signals) process.on(name, this.#handler);
  }

  close(): void {
    for (const name of signals) process.off(name, this.#handler);
  }

  /** As Ctrl-C does; for a reader of our output that went away. */
  abort(reason: string): void {
    this.#controller.abort(new Failure('Cancelled', reason, { advice: '' }));
  }

  /** Says what a second Ctrl-C does, instead of ending the process; returns how to take that back. */
  onSecond(action: () => void): () => void {
    this.#onSecond.add(action);
    return () => this.#onSecond.delete(action);
  }

  #receive(name: NodeJS.Signals): void {
    if (!this.signal.aborted) {
      this.abort(name === 'SIGINT' ? 'Cancelled' : `Cancelled by ${name}`);
      return;
    }
    for (const action of this.#onSecond) action();
    // A person who insists does not want to wait; a lock that stays behind is seen to be a dead process's.
    if (this.#onSecond.size === 0) process.exit(130);
  }
}
