import { readPatternFile } from '../sources/files/pattern-file.ts';
import { compilePatterns, type PathFilter } from '../sources/files/patterns.ts';
import { createFilesSource, type FilesSourceOptions } from '../sources/files/source.ts';
import type { Source } from '../sources/source.ts';

/** The one place of the command line that names sources. */

export type { FilesSourceOptions };

/** A source for paths that a person gave on the command line. */
export function filesSource(options: FilesSourceOptions): Source {
  return createFilesSource(options);
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
