import { randomUUID } from 'node:crypto';
import { join, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import type { Report } from './report.ts';
import { endAll, Watchdog } from './watchdog.ts';

export interface FilesToRun {
  readonly root: string;
  /** Relative to the root. */
  readonly files: readonly string[];
  /** For one test. */
  readonly timeoutMs: number;
  /** For a file to end after its tests. */
  readonly graceMs: number;
  /** Counts skipped tests as failed. */
  readonly strict: boolean;
  readonly signal: AbortSignal;
}

/** Test files that run at the same time: more would disturb each other on a small machine. */
const concurrency = 2;

/** Marks the processes that a file has started. */
const markVariable = 'RESGUARDO_TEST_FILE_RUN';

/** After what hangs was killed, its output closes at once; where nothing could be found, nobody waits for it. */
const closingMs = 2_000;

/** Runs test files, each in a process of its own, and reports them. */
export async function runFiles(options: FilesToRun, report: Report): Promise<void> {
  const waiting = options.files.values();
  const runInTurn = async (): Promise<void> => {
    for (const file of waiting) {
      if (options.signal.aborted) return;
      await runFile(file, options, report);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runInTurn));
}

async function runFile(file: string, options: FilesToRun, report: Report): Promise<void> {
  const { root, timeoutMs, graceMs, strict, signal } = options;
  const startedMs = performance.now();
  const mark = [markVariable, randomUUID()] as const;
  const givenUp = new AbortController();
  const stream = run({
    files: [join(root, file)],
    isolation: 'process',
    timeout: timeoutMs,
    env: { ...process.env, [mark[0]]: mark[1] },
    signal: AbortSignal.any([signal, givenUp.signal]),
  });
  let isHung = false;
  const watchdog = new Watchdog({
    timeoutMs,
    graceMs,
    mark,
    onHang: (message) => {
      isHung = true;
      report.addFailure(file, message);
      setTimeout(() => givenUp.abort(), closingMs).unref();
    },
  });
  // A test may heed no signal of the runner's: a worker drains first, with a backup that never ends.
  const cancel = (): void => void endAll(mark);
  signal.addEventListener('abort', cancel);
  // Node makes up a test with the name of the file around those of the file.
  const isOwn = ({ name }: { readonly name: string }): boolean => name !== join(root, file);
  stream.on('test:enqueue', (data) => isOwn(data) && watchdog.testFound());
  stream.on('test:complete', (data) => isOwn(data) && watchdog.testEnded());
  for (const name of ['test:stdout', 'test:stderr'] as const) {
    stream.on(name, ({ message }) => report.output(file, message));
  }
  stream.on('test:pass', (data) => report.pass(file, data));
  stream.on('test:fail', (data) => {
    // What a cancelled run cuts short has not failed, and what hangs is told already.
    if (!signal.aborted && !isHung) report.fail(file, data, data.file && relative(root, data.file));
  });
  stream.resume();
  await finished(stream);
  watchdog.stop();
  signal.removeEventListener('abort', cancel);
  report.fileDone(file, { seconds: (performance.now() - startedMs) / 1000, strict });
}
