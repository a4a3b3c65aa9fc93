import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { Failure } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';
import { feedProgram, type ProgramInput } from './feed.ts';
import { findProgram } from './find.ts';
import { type ProgramHost, programHost } from './host.ts';
import { LentOutput } from './lent-output.ts';
import { OutputTail } from './output-tail.ts';
import { ProcessGroup, type ProgramEnd } from './process-group.ts';
import { Redactor } from './redact.ts';
import { createSecretFiles, type SecretFiles } from './secret-files.ts';

export interface ProgramRequest {
  /** Name on the search path, or an absolute path. */
  readonly command: string;
  /** Never a secret: every user of the machine can see them. */
  readonly args: readonly string[];
  /** Added to PATH, HOME, LANG, LC_ALL and TZ (UTC), which are all that a program gets by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of an environment variable → content of the file that it shall name (`/dev/fd/N`). */
  readonly secretFiles?: Readonly<Record<string, Secret>>;
  /** Beginning of an argument, such as `--defaults-file=` → content of the file that it shall name. They come first. */
  readonly secretFileArguments?: Readonly<Record<string, Secret>>;
  /** Further secrets that the program might print. Those in secret files need not be repeated. */
  readonly secrets?: readonly Secret[];
  readonly stdin?: ProgramInput;
  /** Absolute; default `/`. */
  readonly workingFolder?: string;
  /** Aborting ends the program and all that it started. */
  readonly signal: AbortSignal;
  /** Longest run as a whole, in ms. */
  readonly timeoutMs?: number;
  /** Time between SIGTERM and SIGKILL. Default 10 s. */
  readonly graceMs?: number;
  /** For the failure ToolMissing: how to get the program. */
  readonly installAdvice?: string;
  /** Default: what `programHost(process.env)` finds. */
  readonly host?: ProgramHost;
  /** The output is read by `lend` instead of as a stream, which takes less time. */
  readonly isLent?: boolean;
}

export interface RunningProgram {
  /**
   * Standard output, to be read to its end or destroyed, which stops the program. It ends only after exit
   * status 0; otherwise it is destroyed with the failure once the program is gone, after which none of its
   * processes is left.
   */
  readonly stdout: Readable;
  /**
   * The output where `isLent` was asked for: each piece is valid until the next one is asked for. It ends and fails as
   * `stdout` does; giving it up stops the program.
   */
  lend(): AsyncGenerator<Buffer>;
  /** Settles when the program is gone: rejects with what `stdout` is destroyed with. May be left unhandled. */
  readonly completed: Promise<CompletedProgram>;
  /** Also the id of the process group. Undefined if the system could not start it; `completed` tells why. */
  readonly pid: number | undefined;
}

export interface CompletedProgram {
  /** The last 4 KB of standard error, without secrets. */
  readonly stderrTail: string;
}

/** Cause of a ToolFailed: how the program ended, for callers that know what its messages mean. */
export class ProgramError extends Error {
  readonly end: ProgramEnd;
  readonly stderrTail: string;

  constructor(end: ProgramEnd, stderrTail: string) {
    super(describeEnd(end), end.error === undefined ? undefined : { cause: end.error });
    this.name = 'ProgramError';
    this.end = end;
    this.stderrTail = stderrTail;
  }
}

const defaultGraceMs = 10_000;

/**
 * The one way to run a program: without a shell, in a process group of its own, in a clean environment, and
 * ending with us even if we are killed (Linux with `setpriv`).
 *
 * `completed` and `stdout` fail with ToolFailed (cause: `ProgramError`), Stalled after `timeoutMs`, the error
 * of `stdin`, or the reason of the abort.
 * @throws {Failure} ToolMissing at once; the reason of the signal if it is aborted already
 */
export function runProgram(request: ProgramRequest): RunningProgram {
  request.signal.throwIfAborted();
  const host = request.host ?? programHost(process.env);
  const path = findProgram(request.command, host.searchPath);
  if (path === undefined) throw missingProgram(request, host);
  const { secretFiles: inEnvironment = {}, secretFileArguments: inArguments = {} } = request;
  const secretFiles = createSecretFiles({ ...inEnvironment, ...inArguments });
  const lent = request.isLent === true ? new LentOutput() : undefined;
  try {
    const child = startProgram(request, host, { path, secretFiles, output: lent?.descriptor ?? 'pipe' });
    return new ProgramRun(request, child, { secretFiles, lent });
  } catch (error) {
    secretFiles.remove();
    lent?.destroy();
    throw error;
  } finally {
    lent?.handOver();
    secretFiles.release();
  }
}

type Child = ReturnType<typeof startProgram>;

interface ProgramFiles {
  readonly path: string;
  readonly secretFiles: SecretFiles;
  readonly output: 'pipe' | number;
}

function startProgram(
  request: ProgramRequest,
  host: ProgramHost,
  { path, secretFiles, output }: ProgramFiles,
) {
  const folder = request.workingFolder ?? '/';
  const [program = path, ...words] = host.commandFor(path, folder);
  const isArgument = (name: string): boolean => Object.hasOwn(request.secretFileArguments ?? {}, name);
  const files = Object.entries(secretFiles.names);
  const args = files.filter(([name]) => isArgument(name)).map(([name, file]) => `${name}${file}`);
  const variables = Object.fromEntries(files.filter(([name]) => !isArgument(name)));
  return spawn(program, [...words, ...args, ...request.args], {
    cwd: folder,
    detached: true,
    env: { ...host.environment, ...request.env, ...variables },
    stdio: [request.stdin === undefined ? 'ignore' : 'pipe', output, 'pipe', ...secretFiles.descriptors],
  });
}

class ProgramRun implements RunningProgram {
  readonly stdout: Readable;
  readonly completed: Promise<CompletedProgram>;
  readonly pid: number | undefined;
  readonly #group: ProcessGroup;
  readonly #stderr: OutputTail;
  readonly #output: Readable | undefined;
  readonly #lent: LentOutput | undefined;
  /** Why it was stopped, which counts for more than how it ended. */
  #stopReason: Error | undefined;

  constructor(
    request: ProgramRequest,
    child: Child,
    { secretFiles, lent }: { readonly secretFiles: SecretFiles; readonly lent: LentOutput | undefined },
  ) {
    this.pid = child.pid;
    this.#output = child.stdout ?? undefined;
    this.#lent = lent;
    this.#group = new ProcessGroup(child, request.graceMs ?? defaultGraceMs);
    const { secrets = [], secretFiles: inEnvironment = {}, secretFileArguments: inArguments = {} } = request;
    const inFiles = [...Object.values(inEnvironment), ...Object.values(inArguments)];
    this.#stderr = new OutputTail(new Redactor([...secrets, ...inFiles]));
    (child.stderr as Readable).on('data', (chunk: Buffer) => this.#stderr.add(chunk));
    this.stdout = this.#relayOutput();
    this.completed = this.#complete(request, secretFiles);
    // Whoever reads `stdout` learns of the failure there.
    this.completed.catch(() => {});
    if (request.stdin !== undefined && child.stdin) {
      feedProgram(child.stdin, request.stdin).catch((error) => this.#stop(asError(error)));
    }
  }

  async *lend(): AsyncGenerator<Buffer> {
    try {
      if (this.#lent !== undefined) yield* this.#lent.pieces();
      await this.completed;
    } finally {
      // Without effect unless the reader has given up.
      this.stdout.destroy();
      await this.completed.catch(() => {});
    }
  }

  /** Passes the output on at the pace of the reader, but not its end: that waits for the exit status. */
  #relayOutput(): Readable {
    const relay = new Readable({
      read: () => void this.#output?.resume(),
      destroy: (error, callback) => {
        this.#stop(error ?? new Failure('Cancelled', 'The output of the program was no longer wanted'));
        void this.#group.ended.then(() => callback(error));
      },
    });
    relay.on('error', () => {});
    this.#output?.on('data', (chunk: Buffer) => {
      if (!relay.push(chunk)) this.#output?.pause();
    });
    return relay;
  }

  async #complete(request: ProgramRequest, secretFiles: SecretFiles): Promise<CompletedProgram> {
    const { signal, timeoutMs } = request;
    const onAbort = (): void => this.#stop(asError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    const watchdog =
      timeoutMs === undefined ? undefined : setTimeout(() => this.#stop(stalled(request)), timeoutMs);
    const end = await this.#group.ended;
    clearTimeout(watchdog);
    signal.removeEventListener('abort', onAbort);
    secretFiles.remove();
    const stderrTail = this.#stderr.toString();
    const error =
      this.#stopReason ?? (end.exitStatus === 0 ? undefined : failedProgram(request, end, stderrTail));
    if (error !== undefined) {
      this.stdout.destroy(error);
      throw error;
    }
    this.stdout.push(null);
    return { stderrTail };
  }

  #stop(reason: Error): void {
    this.#stopReason ??= reason;
    this.#group.stop();
    // What nobody reads any more must not keep the program waiting.
    this.#output?.destroy();
    this.#lent?.destroy();
  }
}

function missingProgram({ command, installAdvice }: ProgramRequest, host: ProgramHost): Failure {
  const where = command.includes('/') ? '' : ` in ${host.searchPath}`;
  return new Failure(
    'ToolMissing',
    `The program ${command} was not found${where}`,
    installAdvice === undefined ? {} : { advice: installAdvice },
  );
}

function failedProgram({ command }: ProgramRequest, end: ProgramEnd, stderrTail: string): Failure {
  const words = stderrTail === '' ? 'it printed no reason' : stderrTail;
  return new Failure('ToolFailed', `${basename(command)} ${describeEnd(end)}: ${words}`, {
    cause: new ProgramError(end, stderrTail),
    ...(end.signal === 'SIGKILL' && { advice: killedAdvice }),
  });
}

/** A program that is killed prints nothing. */
const killedAdvice =
  'Somebody has killed it, or the kernel for lack of memory: its log tells (`journalctl -k`, or `dmesg`).';

function describeEnd({ error, signal, exitStatus }: ProgramEnd): string {
  if (error !== undefined) return `could not be started (${error.message})`;
  return signal === undefined ? `failed with exit status ${exitStatus}` : `was ended by ${signal}`;
}

function stalled({ command, timeoutMs = 0 }: ProgramRequest): Failure {
  return new Failure('Stalled', `${basename(command)} did not end within ${timeoutMs / 1000} s`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Failure('Cancelled', `Cancelled: ${String(reason)}`);
}
