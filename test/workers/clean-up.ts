import type { TestContext } from 'node:test';

const stacks = new WeakMap<TestContext, AsyncDisposableStack>();

/**
 * Does something when the test has ended: what was asked for last comes first, and one that fails does not keep
 * the others from it. (The hooks of `node:test` run in the order in which they were added.)
 */
export function cleanUp(t: TestContext, action: () => unknown): void {
  let stack = stacks.get(t);
  if (stack === undefined) {
    const own = new AsyncDisposableStack();
    t.after(() => own.disposeAsync());
    stacks.set(t, own);
    stack = own;
  }
  stack.defer(async () => {
    await action();
  });
}
