import { basename } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';
import { findProgram } from './find.ts';
import type { ProgramHost } from './host.ts';

/** A program of the user: never a shell, unless the user names one. */
export interface Command {
  /** The program, a name on the search path or an absolute path, and its arguments. */
  readonly words: readonly string[];
  /** Values may be secrets. */
  readonly env: Readonly<Record<string, string | Secret>>;
  /** Absolute; default `/`. */
  readonly workingFolder?: string;
  /** Longest run as a whole, in ms. */
  readonly timeoutMs?: number;
  /** What in the end of its standard error means that it failed, although it ended well. */
  readonly failurePattern?: RegExp;
}

/** "mongodump". */
export function programName({ words }: Command): string {
  return basename(words[0] ?? '');
}

/** What `runProgram` needs of it. */
export function programRequest({ words, env, workingFolder, timeoutMs }: Command) {
  const [command = '', ...args] = words;
  const values = Object.entries(env);
  return {
    command,
    args,
    env: Object.fromEntries(
      values.map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()]),
    ),
    secrets: values.flatMap(([, value]) => (typeof value === 'string' ? [] : [value])),
    ...(workingFolder === undefined ? {} : { workingFolder }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** @throws {Failure} ToolMissing */
export function requireProgram({ words }: Command, host: ProgramHost): void {
  const [program = ''] = words;
  if (findProgram(program, host.searchPath) !== undefined) return;
  throw new Failure(
    'ToolMissing',
    `The program ${program} of the command was not found in ${host.searchPath}`,
    {
      advice: 'Install it on the host of the source, or write its whole path.',
    },
  );
}

/** @throws {Failure} ToolFailed if what the program has said means a failure */
export function checkWords(command: Command, stderrTail: string): void {
  const found = command.failurePattern?.exec(stderrTail)?.[0];
  if (found === undefined) return;
  throw new Failure(
    'ToolFailed',
    `${programName(command)} ended well, but said "${found}", which means a failure: ${stderrTail}`,
  );
}
