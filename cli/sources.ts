import { readPatternFile } from '../sources/files/pattern-file.ts';
import { compilePatterns, type PathFilter } from '../sources/files/patterns.ts';
import { lookAtPaths, type PathLook } from '../sources/files/present-paths.ts';
import { createFilesSource, type FilesSourceOptions } from '../sources/files/source.ts';
import type { Source } from '../sources/source.ts';

/** The one place of the command line that names sources. */

export type { FilesSourceOptions };

/** A source for paths that a person gave on the command line. */
export function filesSource(options: FilesSourceOptions): Source {
  return createFilesSource(options);
}

/** @throws {Failure} SourceMissing when none of the paths is there */
export function presentPaths(paths: readonly string[]): PathLook {
  return lookAtPaths(paths);
}

/**
 * Tells whether a path, or a folder above it, has one of the patterns, with restic's meaning.
 * @throws {Failure} InvalidConfiguration for a pattern that is malformed
 */
export function pathMatcher(patterns: readonly string[], ignoreCase = false): PathFilter {
  return compilePatterns(patterns, ignoreCase);
}

/** Patterns of files, with restic's meaning. */
export function patternsOfFiles(files: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  return files.flatMap((file) => readPatternFile(file, env));
}
