import { splitPath } from '../tree/walk.ts';

/** How a path of the snapshot relates to what is wanted. */
export type Inclusion = 'wanted' | 'on-the-way' | 'unwanted';

/** The paths that are restored, and what is below them, as a tree of names. */
export class IncludedPaths {
  readonly #children: ReadonlyMap<string, IncludedPaths>;
  readonly #isWanted: boolean;

  private constructor(isWanted: boolean, children: ReadonlyMap<string, IncludedPaths>) {
    this.#isWanted = isWanted;
    this.#children = children;
  }

  /** @param paths absolute paths in the snapshot; everything when there are none */
  static of(paths: readonly (string | Buffer)[]): IncludedPaths {
    return IncludedPaths.#ofNames(
      paths.map((path) => splitPath(path).map((name) => name.toString('latin1'))),
    );
  }

  static #ofNames(paths: readonly (readonly string[])[]): IncludedPaths {
    if (paths.length === 0 || paths.some((names) => names.length === 0))
      return new IncludedPaths(true, new Map());
    const byFirst = Map.groupBy(paths, ([first = '']) => first);
    const children = [...byFirst].map(
      ([name, below]) => [name, IncludedPaths.#ofNames(below.map((names) => names.slice(1)))] as const,
    );
    return new IncludedPaths(false, new Map(children));
  }

  get inclusion(): Inclusion {
    return this.#isWanted ? 'wanted' : 'on-the-way';
  }

  /** What is wanted below a name; undefined when nothing is. */
  below(name: Buffer): IncludedPaths | undefined {
    return this.#isWanted ? this : this.#children.get(name.toString('latin1'));
  }
}
