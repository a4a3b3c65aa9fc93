import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../contracts/failures.ts';
import { runProgram } from '../programs/run.ts';

export interface ServerCommand {
  /** For messages: "PostgreSQL". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A server that is a child of ours: it dies with us, however we end (Linux). */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the server has ended, to how it ended and its last lines. Never rejects. */
  readonly ended: Promise<string>;
  /** Asks the server to end and waits for it; kills it after `graceMs`. Safe to repeat. */
  stop(signal: NodeJS.Signals, graceMs?: number): Promise<void>;
}

/** @throws {Failure} ToolMissing if there is no such program */
export function startServerProcess({ name, command, args, env = {} }: ServerCommand): ServerProcess {
  const impatience = new AbortController();
  const { completed, pid, stdout } = runProgram({ command, args, env, signal: impatience.signal });
  stdout.resume();
  const ended = completed.then(
    () => `${name} has ended`,
    (error: unknown) => `${name} has ended: ${error instanceof Error ? error.message : String(error)}`,
  );
  const stop = async (signal: NodeJS.Signals, graceMs = 10_000): Promise<void> => {
    if (pid !== undefined) sendSignal(pid, signal);
    const timer = setTimeout(() => impatience.abort(new Failure('Stalled', 'it did not stop')), graceMs);
    await ended;
    clearTimeout(timer);
  };
  return { pid: pid ?? 0, ended, stop };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
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
