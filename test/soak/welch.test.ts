import assert from 'node:assert/strict';
import { test } from 'node:test';
import { welchT } from '../../soak/welch.ts';

test("Welch's t is the distance of the means in standard errors", () => {
  // Means 3 and 5, variances 5/2 and 20/3.
  const t = welchT([1, 2, 3, 4, 5], [2, 4, 6, 8]);
  assert.ok(Math.abs(t + 1.35873) < 1e-5, String(t));
  assert.equal(welchT([1, 2, 3], [1, 2, 3]), 0);
});
