import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../contracts/failures.ts';
import { findOnPath } from './find.ts';

export interface ServerCommand {
  /** For messages: "PostgreSQL". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A server that is a child of ours: it dies with us, however we end (Linux). */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the server has ended, to how it ended and its last lines. Never rejects. */
  readonly ended: Promise<string>;
  /** Asks the server to end and waits for it; kills it after `graceMs`. Safe to repeat. */
  stop(signal: NodeJS.Signals, graceMs?: number): Promise<void>;
}

export async function startServerProcess({
  name,
  command,
  args,
  env,
}: ServerCommand): Promise<ServerProcess> {
  const lifeline = await findOnPath('setpriv');
  const [program, programArgs] = lifeline
    ? [lifeline, ['--pdeathsig', 'KILL', '--', command, ...args]]
    : [command, args];
  // A group of its own, so that Ctrl-C ends us first and the server in order.
  const child = spawn(program, programArgs, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: env ?? process.env,
    detached: true,
  });
  let lastLines = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastLines = (lastLines + text).slice(-4096);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${name} did not start: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(`${name} ended (${signal ?? `exit code ${code}`}): ${lastLines.trim()}`),
    );
  });
  if (child.pid === undefined) throw new Failure('ToolMissing', await ended);
  const { pid } = child;
  const stop = async (signal: NodeJS.Signals, graceMs = 10_000): Promise<void> => {
    child.kill(signal);
    const patience = new AbortController();
    const expired = delay(graceMs, 'expired', { signal: patience.signal }).catch(() => 'ended');
    if ((await Promise.race([ended, expired])) === 'expired') child.kill('SIGKILL');
    patience.abort();
    await ended;
  };
  return { pid, ended, stop };
}

/** How often a server that is starting is asked whether it answers. */
const askEveryMs = 50;

export interface Readiness {
  readonly name: string;
  readonly process: ServerProcess;
  /** Resolves to true when the server answers, to false if it may answer soon. */
  readonly answers: () => Promise<boolean>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until a server answers; stops it if it does not.
 * @throws {Failure} ToolFailed with the server's last lines, if it ends instead or takes too long
 */
export async function waitUntilReady({
  name,
  process: server,
  answers,
  timeoutMs,
  signal,
}: Readiness): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const ended = server.ended.then((how) => {
    throw new Failure('ToolFailed', how);
  });
  try {
    while (!(await Promise.race([ended, answers()]))) {
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw new Failure('ToolFailed', `${name} did not answer within ${timeoutMs / 1000} s`);
      }
      await Promise.race([ended, delay(askEveryMs)]);
    }
    ended.catch(() => {});
  } catch (error) {
    ended.catch(() => {});
    await server.stop('SIGKILL');
    throw error;
  }
}
