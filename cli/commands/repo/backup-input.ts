import { resolve } from 'node:path';
import { Failure } from '../../../contracts/failures.ts';
import type { BackupInput } from '../../backup-input.ts';
import type { CommandContext } from '../../context.ts';
import { type ExcludeOptions, excludePatterns } from '../../exclude-options.ts';
import { type FilesFromOptions, pathsFromFiles } from '../../files-from.ts';
import type { FilesSourceOptions } from '../../sources.ts';
import { storableInput } from '../../standard-input.ts';

/** Options that say what `repo backup` stores. */
export interface BackupInputOptions extends ExcludeOptions, FilesFromOptions {
  readonly stdin?: string;
  readonly stdinFilename?: string;
  readonly stdinFromCommand?: boolean;
  readonly excludeCaches?: boolean;
  readonly excludeIfPresent?: readonly string[];
  readonly excludeLargerThan?: number;
  readonly ignoreFile?: readonly string[];
  readonly oneFileSystem?: boolean;
  readonly withAtime?: boolean;
}

/**
 * What the command line says is to be stored: standard input, the output of a program, or files.
 * @throws {Failure} InvalidInput, InvalidConfiguration
 */
export async function inputOf(
  context: CommandContext,
  args: readonly string[],
  options: BackupInputOptions,
): Promise<BackupInput> {
  const { stdin, stdinFilename, stdinFromCommand = false } = options;
  if (stdinFromCommand) {
    if (stdin !== undefined) throw exclusive('--stdin', '--stdin-from-command');
    return outputOf(context, args, fileName(stdinFilename ?? 'stdin', '--stdin-filename'));
  }
  const listed = await pathsFromFiles(context, options);
  const paths = [...args, ...listed];
  if (stdin === undefined) return { kind: 'files', files: filesOf(context, paths, options) };
  if (paths.length > 0) throw exclusive('--stdin', 'paths');
  const name = fileName(stdinFilename ?? stdin, '--stdin');
  return { kind: 'stream', name, open: () => storableInput(context.stdin) };
}

function filesOf(
  context: CommandContext,
  paths: readonly string[],
  options: BackupInputOptions,
): FilesSourceOptions {
  if (paths.length === 0) throw nothingToDo();
  const { excludeCaches, excludeIfPresent, excludeLargerThan, ignoreFile, oneFileSystem, withAtime } =
    options;
  return {
    paths: paths.map((path) => resolve(context.cwd, path)),
    ...excludePatterns(context, options),
    excludeCaches: excludeCaches === true,
    excludeIfPresent: excludeIfPresent ?? [],
    ...(excludeLargerThan === undefined ? {} : { excludeLargerThanBytes: excludeLargerThan }),
    ignoreFile: ignoreFile ?? [],
    oneFileSystem: oneFileSystem === true,
    withAtime: withAtime === true,
  };
}

/** The program gets the whole environment and runs where we do, as a shell would start it. */
function outputOf({ cwd, env }: CommandContext, words: readonly string[], name: string): BackupInput {
  const [command, ...args] = words;
  if (command === undefined) {
    throw new Failure('InvalidInput', 'Which program is to be run?', {
      advice: 'Write it at the end: `resguardo repo backup --stdin-from-command -- pg_dump shop`.',
    });
  }
  const variables = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    kind: 'stream',
    name,
    open: async (signal) => {
      const { runProgram } = await import('../../../programs/run.ts');
      return runProgram({ command, args, env: Object.fromEntries(variables), workingFolder: cwd, signal })
        .stdout;
    },
  };
}

function fileName(text: string, option: string): string {
  const name = text.replace(/^\//, '');
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return name;
  throw new Failure('InvalidInput', `${option}: "${text}" is no name of a file`, {
    advice: 'Give a name without folders, such as dump.sql.',
  });
}

function exclusive(one: string, other: string): Failure {
  return new Failure('InvalidInput', `${one} and ${other} exclude each other`, {
    advice: 'Back them up one after the other.',
  });
}

function nothingToDo(): Failure {
  return new Failure('InvalidInput', 'There is nothing to back up', {
    advice: 'Give paths, or --stdin NAME.',
  });
}
