import { after } from 'node:test';
import type { TestScope } from '../repository/temporary-folder.ts';

const cleaners: (() => unknown)[] = [];

after(async () => {
  for (const clean of cleaners.toReversed()) await clean();
});

/** Ends when all tests of this file have ended, whichever of them asks for it. */
export const fileScope: TestScope = { after: (clean) => void cleaners.push(clean) };
