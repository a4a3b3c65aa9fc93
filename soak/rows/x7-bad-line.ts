import assert from 'node:assert/strict';
import { isFailure } from '../../contracts/failures.ts';
import type { FaultRule } from '../../test/stores/fault-proxy.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';
import { checkKinds, type Line, type Place } from '../s3-line.ts';

const objects = /^\/[^?]*(\?x-id=GetObject)?$/;
/** Patient with a busy machine, and soon through with a line on which nothing moves. */
const times = { connectMs: 30_000, idleMs: 1_500 };

interface Kind {
  readonly name: string;
  readonly rules: (random: Random) => readonly FaultRule[];
  /** Whether the work has to succeed; otherwise it may also end with damage that is named, or a clear failure. */
  readonly succeeds: boolean;
  /** False where a restore would rightly find what was there before. */
  readonly restores?: boolean;
  /** What it has to end with. */
  readonly failsWith?: RegExp;
}

const kinds: readonly Kind[] = [
  {
    name: 'latency of 2 s',
    rules: () => [{ share: 0.1, fault: { kind: 'latency', ms: 2_000 } }],
    succeeds: false,
  },
  {
    name: '64 kB/s',
    rules: () => [{ method: 'GET', path: objects, fault: { kind: 'drip', pieceBytes: 6_400, everyMs: 100 } }],
    succeeds: true,
  },
  {
    name: 'a stall in the middle of an answer',
    rules: (random) => [
      { method: 'GET', path: objects, times: 2, fault: { kind: 'stall', afterBytes: random.below(20_000) } },
    ],
    succeeds: true,
  },
  {
    name: 'no answer',
    rules: (random) => [
      { method: random.pick(['GET', 'PUT', 'HEAD']), times: 2, fault: { kind: 'silence' } },
    ],
    succeeds: true,
  },
  {
    name: 'a reset in the middle of an answer',
    rules: (random) => [
      { method: 'GET', share: 0.2, fault: { kind: 'reset', afterBytes: random.below(20_000) } },
    ],
    succeeds: true,
  },
  {
    name: 'an answer that is cut short and says nothing of it',
    rules: (random) => [
      { method: 'GET', path: objects, times: 3, fault: { kind: 'truncate', afterBytes: random.below(200) } },
    ],
    succeeds: false,
  },
  {
    name: 'a flipped bit on the way down',
    rules: (random) => [
      {
        method: 'GET',
        path: objects,
        share: 0.2,
        fault: { kind: 'flip', of: 'answer', at: random.below(300) },
      },
    ],
    succeeds: false,
  },
  {
    name: 'a flipped bit on the way up',
    rules: (random) => [
      { method: 'PUT', share: 0.2, fault: { kind: 'flip', of: 'request', at: random.below(100) } },
    ],
    succeeds: true,
  },
  {
    name: 'a listing of before',
    rules: () => [{ path: /list-type=2/, fault: { kind: 'stale' } }],
    succeeds: false,
    restores: false,
  },
  {
    name: 'a wrong ETag',
    rules: () => [
      { share: 0.5, fault: { kind: 'header', name: 'ETag', value: '"00000000000000000000000000000000"' } },
    ],
    succeeds: true,
  },
  {
    name: 'a clock that is 20 minutes off',
    rules: () => [{ fault: skewed }],
    succeeds: false,
    failsWith: /clock of this machine differs/,
  },
];

const skewed = {
  kind: 'answer',
  status: 403,
  headers: { 'content-type': 'application/xml' },
  body: '<?xml version="1.0"?><Error><Code>RequestTimeTooSkewed</Code><Message>It is so.</Message></Error>',
} as const;

export const badLine: Row = {
  id: 'X7',
  title:
    'a line that is slow, stalls, breaks or garbles is noticed; wrong bytes are never taken for right ones',
  counts: { test: 6, soak: 10 * kinds.length },
  run: (run) =>
    checkKinds(run, kinds, (kind, { line, place, random }) => underFault({ line, place, run }, kind, random)),
};

interface Scene {
  readonly line: Line;
  readonly place: Place;
  readonly run: RowRun;
}

async function underFault({ line, place, run }: Scene, kind: Kind, random: Random): Promise<void> {
  const { proxy } = line;
  const before = proxy.seen.length;
  proxy.rules(...kind.rules(random));
  const fromMs = performance.now();
  const backedUp = await outcomeOf(place.backUp({ times }));
  assertAllowed(kind, backedUp);
  if (kind.failsWith !== undefined) {
    assert.match(String(backedUp), kind.failsWith);
    assert.ok(proxy.seen.length - before <= 3, 'it was tried again');
  }
  // The rules count anew, so that the reader meets the fault too.
  proxy.rules(...kind.rules(random));
  if (backedUp === undefined && kind.restores !== false) {
    assertAllowed(kind, await outcomeOf(place.assertRestores({ times })));
  }
  run.figure(`ms under ${kind.name}`, performance.now() - fromMs);
}

async function outcomeOf(work: Promise<void>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function assertAllowed({ succeeds }: Kind, error: unknown): void {
  if (error === undefined) return;
  if (succeeds || !isFailure(error) || error.type === 'Internal') throw error;
}
