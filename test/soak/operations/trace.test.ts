import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrace, powerCutProblems } from '../../../soak/operations/trace.ts';

const [pack, index] = ['a'.repeat(64), 'b'.repeat(64)];

/** What storing a pack and an index of it calls, as strace tells it. */
const right = [
  `7 fsync(20</r/data/aa/${pack}.tmp-1>) = 0`,
  `8 link("/r/data/aa/${pack}.tmp-1", "/r/data/aa/${pack}" <unfinished ...>`,
  `9 fsync(21</r/index>) = 0`,
  `8 <... link resumed>) = 0`,
  `7 fsync(20</r/data/aa>) = 0`,
  `7 fsync(20</r/index/${index}.tmp-2>) = 0`,
  `7 link("/r/index/${index}.tmp-2", "/r/index/${index}") = 0`,
  `7 fsync(20</r/index>) = 0`,
];

test('calls are read with their beginning and their end', () => {
  const [, link] = parseTrace(right.join('\n'));
  assert.deepEqual(link, {
    name: 'link',
    path: `/r/data/aa/${pack}.tmp-1`,
    target: `/r/data/aa/${pack}`,
    begin: 1,
    end: 3,
  });
});

test('an order that a power cut cannot hurt has no problem', () => {
  assert.deepEqual(powerCutProblems(parseTrace(right.join('\n'))), []);
});

for (const [missing, problem] of [
  [0, /named before its content was flushed/],
  [4, /began before the link of .* was flushed/],
  [5, /named before its content was flushed/],
  [7, /was never flushed/],
] as const) {
  test(`an order without its line ${missing} has the problem that ${problem.source}`, () => {
    assert.match(powerCutProblems(parseTrace(right.toSpliced(missing, 1).join('\n'))).join('\n'), problem);
  });
}
