import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { repeatable } from './option-values.ts';
import { patternsOfFiles } from './sources.ts';

/** Options that leave out by patterns; names and meaning are restic's. */
export interface ExcludeOptions {
  readonly exclude?: readonly string[];
  readonly iexclude?: readonly string[];
  readonly excludeFile?: readonly string[];
  readonly iexcludeFile?: readonly string[];
}

/** Patterns with those of the files. */
export interface ExcludePatterns {
  readonly exclude: readonly string[];
  /** Capital and small letters are the same. */
  readonly iexclude: readonly string[];
}

export function addExcludeOptions(command: Command): Command {
  return command
    .optionsGroup('What is left out:')
    .option('-e, --exclude <pattern>', 'what matches; repeatable', repeatable)
    .option('--iexclude <pattern>', 'the same for capital and small letters; repeatable', repeatable)
    .option('--exclude-file <file>', 'patterns of a file, one a line; repeatable', repeatable)
    .option('--iexclude-file <file>', 'the same for capital and small letters; repeatable', repeatable);
}

/** @throws {Failure} InvalidConfiguration for a file that cannot be read */
export function excludePatterns(
  { cwd, env }: CommandContext,
  { exclude = [], iexclude = [], excludeFile = [], iexcludeFile = [] }: ExcludeOptions,
): ExcludePatterns {
  const read = (files: readonly string[]): readonly string[] =>
    patternsOfFiles(
      files.map((file) => resolve(cwd, file)),
      env,
    );
  return {
    exclude: [...exclude, ...read(excludeFile)],
    iexclude: [...iexclude, ...read(iexcludeFile)],
  };
}
