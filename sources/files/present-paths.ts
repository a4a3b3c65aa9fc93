import { lstatSync } from 'node:fs';
import { Failure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';

/** Which of the paths that somebody wants are there. */
export interface PathLook {
  readonly present: readonly string[];
  /** One for each of the others. */
  readonly absent: readonly Warning[];
}

/**
 * Looks which paths are there, as restic does: those that are not are told, unless it is all of them.
 * @throws {Failure} SourceMissing naming every path when none is there
 */
export function lookAtPaths(paths: readonly string[]): PathLook {
  const present: string[] = [];
  const absent: Warning[] = [];
  for (const path of paths) {
    const message = problemOf(path);
    if (message === undefined) present.push(path);
    else absent.push({ subject: path, message });
  }
  if (present.length > 0 || paths.length === 0) return { present, absent };
  const sentences = absent.map(({ subject, message }) => message.replace(/^it/, `The path ${subject}`));
  throw new Failure('SourceMissing', `${sentences.join('; ')}.`);
}

function problemOf(path: string): string | undefined {
  try {
    lstatSync(path);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'it does not exist';
    if (code === 'EACCES') return 'it cannot be reached: permission denied';
    throw error;
  }
}
