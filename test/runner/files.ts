import { join, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import type { Report } from './report.ts';

export interface FilesToRun {
  readonly root: string;
  /** Relative to the root. */
  readonly files: readonly string[];
  /** For one file. */
  readonly timeoutMs: number;
  /** Counts skipped tests as failed. */
  readonly strict: boolean;
  readonly signal: AbortSignal;
}

/** Test files that run at the same time: more would disturb each other on a small machine. */
const concurrency = 2;

/** Where an event comes from; Node's types lack the file that was run. */
interface Origin {
  readonly entryFile?: string;
  readonly file?: string | undefined;
  readonly name?: string;
}

/** Runs test files, each in a process of its own, and reports them. */
export async function runFiles(
  { root, files, timeoutMs, strict, signal }: FilesToRun,
  report: Report,
): Promise<void> {
  if (files.length === 0 || signal.aborted) return;
  const stream = run({
    files: files.map((file) => join(root, file)),
    isolation: 'process',
    concurrency,
    timeout: timeoutMs,
    signal,
  });
  // A test may be declared in a file that several test files share. Events of a file that did not even load
  // carry its path in their name alone.
  const name = (data: Origin): string => relative(root, data.entryFile ?? data.file ?? data.name ?? '');
  stream.on('test:stdout', (data) => report.output(name(data), data.message));
  stream.on('test:stderr', (data) => report.output(name(data), data.message));
  stream.on('test:pass', (data) => report.pass(name(data), data));
  stream.on('test:fail', (data) => {
    // What a cancelled run cuts short has not failed.
    if (!signal.aborted) report.fail(name(data), data, data.file && relative(root, data.file));
  });
  stream.on('test:summary', (data) => {
    if (data.file !== undefined) report.fileDone(name(data), { seconds: data.duration_ms / 1000, strict });
  });
  stream.resume();
  await finished(stream);
  for (const file of report.unfinished()) report.fileDone(file, { strict });
}
