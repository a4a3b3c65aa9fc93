import path from 'node:path';
import { Failure } from '../../contracts/failures.ts';

/** The folders on the way to the paths that are backed up, merged into one tree. */
export interface Target {
  /** Absolute path. */
  readonly path: string;
  /** Whether the path itself is backed up, with everything in it. */
  isWanted: boolean;
  /** Targets below, by name. */
  readonly children: Map<string, Target>;
}

/**
 * Merges absolute paths into a tree that begins at the root.
 * @throws {Failure} InvalidConfiguration for a path that is not absolute, or when there is none
 */
export function mergeTargets(paths: readonly string[]): Target {
  if (paths.length === 0) throw new Failure('InvalidConfiguration', 'The source has no paths.');
  const root = newTarget('/');
  for (const wanted of cleanPaths(paths)) {
    let target = root;
    for (const name of wanted.split('/').filter((part) => part !== '')) {
      const child = target.children.get(name) ?? newTarget(path.posix.join(target.path, name));
      target.children.set(name, child);
      target = child;
    }
    target.isWanted = true;
  }
  return root;
}

/**
 * Absolute paths without `.`, `..` and slashes at the end, each once, in the order given.
 * @throws {Failure} InvalidConfiguration for a path that is not absolute
 */
export function cleanPaths(paths: readonly string[]): readonly string[] {
  const cleaned = paths.map((wanted) => {
    if (!wanted.startsWith('/') || wanted.includes('\0')) {
      throw new Failure('InvalidConfiguration', `The path "${wanted}" is not absolute.`);
    }
    const normal = path.posix.normalize(wanted);
    return normal.length > 1 ? normal.replace(/\/+$/, '') : normal;
  });
  return [...new Set(cleaned)];
}

function newTarget(targetPath: string): Target {
  return { path: targetPath, isWanted: false, children: new Map() };
}
