import { processesWith, type RunningProcess } from './processes.ts';

export interface WatchdogOptions {
  /** For one test, which the file keeps to itself unless it hangs in a loop. */
  readonly timeoutMs: number;
  /** For all else: until the first test begins, after the time of a test, and until the file ends. */
  readonly graceMs: number;
  /** Variable and value of the environment of the file's process, which what it starts inherits. */
  readonly mark: readonly [variable: string, value: string];
  /** Called once what hangs was ended; the text says what it was. */
  readonly onHang: (message: string) => void;
}

/**
 * Ends a test file that goes on though none of its tests begins or ends: with an open handle, in a loop, or because a
 * program that was left behind holds its output. The test runner of Node waits for all of these without an end.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Tests that were found and have not ended. */
  #open = 0;
  #ended = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#wait();
  }

  testFound(): void {
    this.#open += 1;
    this.#wait();
  }

  testEnded(): void {
    this.#open -= 1;
    this.#ended += 1;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const { timeoutMs, graceMs } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end(), this.#areTestsOver ? graceMs : timeoutMs + graceMs);
  }

  get #areTestsOver(): boolean {
    return this.#open === 0 && this.#ended > 0;
  }

  async #end(): Promise<void> {
    const { timeoutMs, graceMs, mark, onHang } = this.#options;
    const why = this.#areTestsOver
      ? `its tests are over, but ${graceMs / 1000} s later it has not ended: something is still open`
      : `no test has begun or ended for ${(timeoutMs + graceMs) / 1000} s`;
    const left = await endAll(mark);
    const names = left.map(({ id, name }) => `${name} (${id})`).join(', ');
    onHang(`✖ the file hangs: ${why}\n  ended: ${names || 'nothing that could be found'}`);
  }
}

/** Ends what a file has started, and returns it. */
export async function endAll(mark: WatchdogOptions['mark']): Promise<readonly RunningProcess[]> {
  const left = await processesWith(...mark);
  for (const { id } of left) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
  return left;
}
