import { Failure } from '../contracts/failures.ts';
import type { BlobReader } from '../repository/blobs.ts';
import { walkTree } from '../repository/tree/walk.ts';
import type { IncludePatterns } from './include-options.ts';
import { pathMatcher } from './sources.ts';

/**
 * The paths of a tree that patterns choose; undefined when there are no patterns. A path without `*`, `?` or `[` that
 * begins with `/` is taken as it is, without a look at all of the tree.
 * @throws {Failure} InvalidInput when they choose nothing
 */
export async function includedPaths(
  reader: BlobReader,
  tree: string,
  { include, iinclude }: IncludePatterns,
  signal: AbortSignal,
): Promise<readonly Buffer[] | undefined> {
  if (include.length + iinclude.length === 0) return undefined;
  const isPlain = (pattern: string): boolean => pattern.startsWith('/') && !/[\\*?[]/.test(pattern);
  if (iinclude.length === 0 && include.every(isPlain)) return include.map((path) => Buffer.from(path));
  const matchers = [pathMatcher(include), pathMatcher(iinclude, true)];
  const found: Buffer[] = [];
  let above: Buffer | undefined;
  for await (const { path } of walkTree(reader, tree, signal)) {
    // What is below a match belongs to it.
    if (above && path.subarray(0, above.length).equals(above) && path[above.length] === slash) continue;
    above = undefined;
    const text = path.toString('utf8');
    if (!matchers.some((matches) => matches(text))) continue;
    found.push(path);
    above = path;
  }
  if (found.length > 0) return found;
  throw new Failure(
    'InvalidInput',
    `The snapshot has nothing that matches ${[...include, ...iinclude].join(', ')}`,
    {
      advice: 'Look with `resguardo ls SNAPSHOT`; a pattern that begins with "/" starts at the root.',
    },
  );
}

const slash = 0x2f;
