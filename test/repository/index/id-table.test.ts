import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdTable } from '../../../repository/index/id-table.ts';

/** Ids are looked for from the place that their first bytes name: most of these share the first or the last. */
function crowdedId(number: number): string {
  const id = hash('sha256', String(number));
  return `${['00000000', 'ffffffff', id.slice(0, 8)][number % 3]}${id.slice(8)}`;
}

test('a table of ids knows those that were added and not removed, in whatever order that happened', () => {
  const step = fc.record({ isAdded: fc.boolean(), number: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new IdTable();
      const expected = new Set<string>();
      for (const { isAdded, number } of steps) {
        const id = crowdedId(number);
        if (!isAdded) table.remove(id);
        else if (table.find(id) < 0) table.add(id);
        if (isAdded) expected.add(id);
        else expected.delete(id);
      }
      assert.equal(table.size, expected.size);
      for (let number = 0; number <= 60; number++) {
        const id = crowdedId(number);
        const found = table.find(id);
        assert.equal(found >= 0, expected.has(id));
        if (found >= 0) assert.equal(table.id(found), id);
      }
    }),
  );
});

test('a table of ids that has grown forgets each that is removed, and keeps the others', () => {
  const table = new IdTable();
  const ids = Array.from({ length: 40_000 }, (_, number) => hash('sha256', String(number)));
  for (const id of ids) table.add(id);
  for (const id of ids.filter((_, number) => number % 3 !== 0)) table.remove(id);
  assert.deepEqual(
    ids.filter((id) => table.find(id) >= 0),
    ids.filter((_, number) => number % 3 === 0),
  );
  for (const id of ids) table.remove(id);
  assert.equal(table.size, 0);
  assert.ok(ids.every((id) => table.find(id) < 0));
});
