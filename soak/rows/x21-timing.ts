import assert from 'node:assert/strict';
import { type ApiKey, apiKey, findKey } from '../../api/keys.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import { welchT } from '../welch.ts';

const samples = 10_000;
const warmUp = 2000;
/** A single comparison is shorter than the clock is fine. */
const perSample = 25;
/** Samples beyond this share of all are interruptions by other programs. */
const kept = 0.9;
const mostT = 4.5;
const keyLength = 64;

/** Wrong keys by how much of them is right, in two groups that must take the same time. */
export const keyTiming: Row = {
  id: 'X21-timing',
  title:
    'how long the API takes to refuse a key tells nothing of how much of it is right (Welch t below 4.5)',
  counts: { test: 0, soak: 12 },
  run: async (run) => {
    for (const { number, random } of run.cases()) {
      const right = keyText(random);
      const others = ['first', 'second', 'third'].map((name) => apiKey(name, keyText(random)));
      const keys = [others[0], apiKey('right', right), others[1], others[2]].filter(
        (key) => key !== undefined,
      );
      const kind = number % 3 === 2 ? 'a comparison that stops early is found out' : 'keys are compared';
      await run.check(kind, async () => {
        const compare = number % 3 === 2 ? stopsEarly(right) : byFindKey(keys);
        const t = Math.abs(timesApart(compare, right, random));
        run.figure(`t (${kind})`, t);
        if (number % 3 === 2) assert.ok(t > mostT, `t is ${t}: this machine is too noisy to tell`);
        else assert.ok(t < mostT, `t is ${t}`);
      });
    }
  },
};

type Compare = (given: string) => boolean;

function byFindKey(keys: readonly ApiKey[]): Compare {
  return (given) => findKey(keys, given) !== undefined;
}

/** What must not be done: shows that the measure would see it. */
function stopsEarly(right: string): Compare {
  return (given) => {
    for (let index = 0; index < right.length; index += 1) if (right[index] !== given[index]) return false;
    return right.length === given.length;
  };
}

/** t of the times for keys that are right up to the last character and for keys that are wrong throughout. */
function timesApart(compare: Compare, right: string, random: Random): number {
  const nearly = Array.from({ length: perSample }, () => `${right.slice(0, -1)}!`);
  const groups: readonly [number[], number[]] = [[], []];
  let accepted = 0;
  for (let sample = -warmUp; sample < 2 * samples; sample += 1) {
    const group = random.below(2);
    // Both are strings of the same making: what differs is their content alone.
    const wrong = keyText(random);
    const given = nearly.map((key) => (group === 0 ? `${key.slice(0, -1)}!` : `${wrong.slice(0, -1)}!`));
    const from = process.hrtime.bigint();
    for (const key of given) if (compare(key)) accepted += 1;
    const took = Number(process.hrtime.bigint() - from);
    if (sample >= 0) groups[group]?.push(took);
  }
  assert.equal(accepted, 0);
  const [one, other] = groups;
  const longest = [...one, ...other].toSorted((a, b) => a - b)[Math.floor(kept * 2 * samples)] ?? 0;
  return welchT(
    one.filter((took) => took <= longest),
    other.filter((took) => took <= longest),
  );
}

function keyText(random: Random): string {
  return random.bytes(keyLength / 2).toString('hex');
}
