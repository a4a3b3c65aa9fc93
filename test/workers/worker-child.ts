import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Installation } from './installation.ts';

export interface WorkerChild {
  readonly process: ChildProcess;
  /** What it has logged to standard error so far. */
  log(): string;
  /** Resolves when the worker stands at its failpoint. */
  readonly reached: Promise<unknown>;
  /** Ends it as `kill -9` does, and waits for the end; safe to repeat. */
  kill(): Promise<void>;
}

/** Starts a worker in a process of its own and waits until it works. */
export async function startWorkerChild(
  { configurationFile }: Installation,
  failpoint: { readonly name: string; readonly count: number },
  env: NodeJS.ProcessEnv = process.env,
): Promise<WorkerChild> {
  const script = fileURLToPath(new URL('worker-process.ts', import.meta.url));
  const child = fork(script, [configurationFile, failpoint.name, String(failpoint.count)], {
    silent: true,
    env,
  });
  let log = '';
  child.stderr?.on('data', (chunk) => {
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
    log: () => log,
    reached,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
