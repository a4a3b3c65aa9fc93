import { formatDuration } from '../cli/output/format.ts';
import type { Output } from '../cli/output/output.ts';

export interface Step {
  readonly title: string;
  readonly seconds: number;
  readonly said: string;
}

/** Runs the demo's steps one after the other, and keeps how long each took and what came out of it. */
export class Steps {
  readonly done: Step[] = [];
  readonly #output: Output;
  readonly #signal: AbortSignal;

  constructor(output: Output, signal: AbortSignal) {
    this.#output = output;
    this.#signal = signal;
  }

  /** `say` tells the result of the step in a few words. */
  async run<T>(title: string, work: () => Promise<T>, say: (result: T) => string = () => ''): Promise<T> {
    this.#signal.throwIfAborted();
    const startedMs = performance.now();
    const result = await work();
    const step = { title, seconds: (performance.now() - startedMs) / 1000, said: say(result) };
    this.done.push(step);
    this.#output.note(`  ✓ ${describeStep(step)}`);
    return result;
  }
}

function describeStep({ title, seconds, said }: Step): string {
  return [title.padEnd(34), formatDuration(seconds * 1000).padStart(7), said].join('  ').trimEnd();
}
