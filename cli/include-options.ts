import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { repeatable } from './option-values.ts';
import { patternsOfFiles } from './sources.ts';

/** Options that choose by patterns; names and meaning are restic's. */
export interface IncludeOptions {
  readonly include?: readonly string[];
  readonly iinclude?: readonly string[];
  readonly includeFile?: readonly string[];
  readonly iincludeFile?: readonly string[];
}

/** Patterns with those of the files. */
export interface IncludePatterns {
  readonly include: readonly string[];
  /** Capital and small letters are the same. */
  readonly iinclude: readonly string[];
}

export function addIncludeOptions(command: Command): Command {
  return command
    .optionsGroup('What is chosen:')
    .option('-i, --include <pattern>', 'only what matches, and what is below it; repeatable', repeatable)
    .option('--iinclude <pattern>', 'the same for capital and small letters; repeatable', repeatable)
    .option('--include-file <file>', 'patterns of a file, one a line; repeatable', repeatable)
    .option('--iinclude-file <file>', 'the same for capital and small letters; repeatable', repeatable);
}

/** @throws {Failure} InvalidConfiguration for a file that cannot be read */
export function includePatterns(
  { cwd, env }: CommandContext,
  { include = [], iinclude = [], includeFile = [], iincludeFile = [] }: IncludeOptions,
): IncludePatterns {
  const read = (files: readonly string[]): readonly string[] =>
    patternsOfFiles(
      files.map((file) => resolve(cwd, file)),
      env,
    );
  return {
    include: [...include, ...read(includeFile)],
    iinclude: [...iinclude, ...read(iincludeFile)],
  };
}
