import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type RunLimits, type RunLimitsRequest, runLimitsSchema } from '../contracts/limits.ts';

/** How soon a change is felt. */
const lookEveryMs = 1_000;

/** Longer than any run lasts (workflows/options.ts). */
const forgottenAfterMs = 8 * 24 * 3_600_000;

/**
 * The limits that people have set for runs under way, as files of this host: whichever worker process takes the
 * change, the one that does the work finds it, and so does its successor after a restart.
 */
export class RunLimitFiles {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = path.join(stateDir, 'limits');
  }

  async write({ runId, limits }: RunLimitsRequest): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#removeForgotten();
    const file = this.#file(runId);
    const temporary = `${file}.${process.pid}.tmp`;
    await writeFile(temporary, JSON.stringify(limits), { mode: 0o600 });
    await rename(temporary, file);
  }

  /** Calls `apply` for the limits of a run, now and whenever they change, until the returned function is called. */
  async follow(runId: string, apply: (limits: RunLimits) => void): Promise<() => void> {
    let known = '';
    const look = async (): Promise<void> => {
      const text = await readFile(this.#file(runId), 'utf8').catch(() => '');
      if (text === known) return;
      known = text;
      const limits = parse(text);
      if (limits !== undefined) apply(limits);
    };
    await look();
    const timer = setInterval(() => void look(), lookEveryMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  #file(runId: string): string {
    return path.join(this.#folder, `${encodeURIComponent(runId)}.json`);
  }

  async #removeForgotten(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const file = path.join(this.#folder, name);
      const modified = await stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      );
      if (Date.now() - modified > forgottenAfterMs) await rm(file, { force: true });
    }
  }
}

function parse(text: string): RunLimits | undefined {
  try {
    return runLimitsSchema.parse(JSON.parse(text));
  } catch {
    // No file, or one that somebody else is writing: the limits stay as they are.
    return undefined;
  }
}
