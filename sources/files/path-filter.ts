import { compilePatterns, type PathFilter } from './patterns.ts';

export interface PathPatterns {
  readonly exclude: readonly string[];
  /** The same for capital and small letters. */
  readonly iexclude: readonly string[];
}

/**
 * What the patterns leave out; undefined without any.
 * @throws {Failure} InvalidConfiguration naming the pattern that is malformed
 */
export function pathFilter({ exclude, iexclude }: PathPatterns): PathFilter | undefined {
  const filters = [
    ...(exclude.length > 0 ? [compilePatterns(exclude)] : []),
    ...(iexclude.length > 0 ? [compilePatterns(iexclude, true)] : []),
  ];
  return filters.length === 0 ? undefined : (path) => filters.some((isExcluded) => isExcluded(path));
}
