import { Failure, isFailure } from '../contracts/failures.ts';
import type { HookRequest } from '../contracts/hooks.ts';
import { type Command, programRequest } from '../programs/command.ts';
import type { ProgramHost } from '../programs/host.ts';
import { OutputTail } from '../programs/output-tail.ts';
import { Redactor } from '../programs/redact.ts';
import { ProgramError, runProgram } from '../programs/run.ts';
import { hookEnvironment } from './environment.ts';

export interface Hook {
  readonly command: Command;
  readonly host: ProgramHost;
}

export interface HookAttempt {
  readonly request: HookRequest;
  /** 1 for the first one. */
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/** What a hook has printed at last, without secrets. */
export interface HookOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a hook to its end.
 * @throws {Failure} HookFailed, with the last lines of its output; the reason of the signal
 */
export async function runHook({ command, host }: Hook, attempt: HookAttempt): Promise<HookOutput> {
  const { request, signal } = attempt;
  const program = programRequest(command);
  const stdout = new OutputTail(new Redactor(program.secrets));
  try {
    const env = { ...hookEnvironment(request, attempt.attempt), ...program.env };
    const running = runProgram({ ...program, env, host, signal });
    for await (const chunk of running.stdout) stdout.add(chunk);
    const { stderrTail } = await running.completed;
    return { stdout: `${stdout}`, stderr: stderrTail };
  } catch (error) {
    signal.throwIfAborted();
    throw hookFailed(request, error, `${stdout}`);
  }
}

/** "The hook before 1 (sh) of docs", "The hook before 1 (sh) of the restore of docs". */
export function describeHook({ source, hook }: Pick<HookRequest, 'source' | 'hook'>): string {
  const { point, index, name, of } = hook;
  const owner =
    source === undefined ? 'all sources' : `${of === undefined ? '' : 'the restore of '}${source}`;
  return `The hook ${point} ${index + 1} (${name}) of ${owner}`;
}

function hookFailed(request: HookRequest, error: unknown, stdout: string): Failure {
  const what = describeHook(request);
  if (!isFailure(error)) return new Failure('HookFailed', `${what} could not be run`, { cause: error });
  return new Failure('HookFailed', `${what}: ${withOutput(error, stdout)}`, { cause: error });
}

/** Many programs tell what is wrong on standard output. */
function withOutput({ message, type, cause }: Failure, stdout: string): string {
  if (stdout === '') return message;
  if (type === 'Stalled') return `${message}; it had printed: ${stdout}`;
  const isSilent = cause instanceof ProgramError && cause.stderrTail === '';
  return isSilent ? `its program ${cause.message}: ${stdout}` : message;
}
