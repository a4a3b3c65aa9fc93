import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../soak/row.ts';
import { runRow } from '../../soak/row-run.ts';

test('a case that is interrupted counts as nothing, and is the first of the next run', async () => {
  const interruption = new AbortController();
  const row: Row = {
    id: 'X0',
    title: 'a row whose third case is interrupted',
    counts: { test: 5, soak: 5 },
    run: async (run) => {
      for (const { number } of run.cases())
        await run.check('kind', async () => {
          if (number === 2) interruption.abort();
          run.signal.throwIfAborted();
        });
    },
  };
  const result = await runRow(row, { seed: 1, count: 5, signal: interruption.signal });
  const { cases, next, failures, isCutShort } = result;
  assert.deepEqual(
    { cases, next, failures, isCutShort },
    { cases: 2, next: 2, failures: [], isCutShort: true },
  );
});
