import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import type { Row } from '../../soak/row.ts';
import { runRow } from '../../soak/row-run.ts';

/** Runs a row of the fault table with few cases and a seed of its own, which a failure shows. */
export function testRow(row: Row): void {
  test(`${row.id}: ${row.title}`, async (t) => {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
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
