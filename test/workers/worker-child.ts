import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Installation } from './installation.ts';

export interface WorkerChild {
  readonly process: ChildProcess;
  /** Resolves when it has logged a line with this text. */
  logged(text: string): Promise<void>;
  /** Resolves when the worker stands at its failpoint. */
  readonly reached: Promise<unknown>;
  /** Ends it as `kill -9` does, and waits for the end; safe to repeat. */
  kill(): Promise<void>;
}

export interface WorkerChildOptions {
  /** Failpoint at which it stops. */
  readonly name: string;
  /** At which pass of the failpoint. */
  readonly count: number;
  readonly queues?: 'all' | 'host';
  /** A file of `workflowCodeFile`. */
  readonly workflowCode?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a worker in a process of its own and waits until it works. */
export async function startWorkerChild(
  { configurationFile }: Installation,
  { name, count, queues = 'all', workflowCode, env = process.env }: WorkerChildOptions,
): Promise<WorkerChild> {
  const script = fileURLToPath(new URL('worker-process.ts', import.meta.url));
  const args = [configurationFile, name, String(count), queues];
  if (workflowCode !== undefined) args.push(workflowCode);
  const child = fork(script, args, { silent: true, env });
  let log = '';
  const errors = child.stderr;
  assert.ok(errors);
  errors.on('data', (chunk) => {
    log += chunk;
  });
  const ended = once(child, 'exit');
  const messageOf = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      child.on('message', (message) => message === wanted && resolve());
      child.on('exit', () => reject(new Error(`the worker ended before it said ${wanted}:\n${log}`)));
    });
  const reached = messageOf('reached');
  // A test that does not get so far has another failure to tell.
  reached.catch(() => {});
  await messageOf('ready');
  return {
    process: child,
    async logged(text) {
      while (!log.includes(text)) await once(errors, 'data');
    },
    reached,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
