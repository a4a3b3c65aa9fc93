import type { TestScope } from '../test/repository/temporary-folder.ts';

/** Runs the work, and then what it wanted to be run after it, the last one first. */
export async function scoped<T>(work: (scope: TestScope) => Promise<T>): Promise<T> {
  const cleaners: (() => unknown)[] = [];
  try {
    return await work({ after: (clean) => void cleaners.push(clean) });
  } finally {
    for (const clean of cleaners.toReversed()) await clean();
  }
}
