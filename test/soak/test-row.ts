import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../soak/row.ts';
import { runRow } from '../../soak/row-run.ts';

/** The same cases at every run, so that a failure is the change's own; `npm run soak` looks for new ones. */
const defaultSeed = 20_261_126;

/** Runs a row of the fault table with few cases. The variable SEED chooses others. */
export function testRow(row: Row): void {
  test(`${row.id}: ${row.title}`, async (t) => {
    const seed = Number(process.env.SEED ?? defaultSeed);
    const { cases, failures, skipped } = await runRow(row, {
      seed,
      count: row.counts.test,
      signal: t.signal,
    });
    for (const [kind, why] of Object.entries(skipped)) t.diagnostic(`not here: ${kind}: ${why}`);
    assert.deepEqual(failures, [], `repeat it with: npm run soak -- --row ${row.id} --seed ${seed}`);
    if (cases === 0) t.skip(Object.values(skipped).join('; '));
  });
}
