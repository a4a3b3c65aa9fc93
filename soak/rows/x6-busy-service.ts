import assert from 'node:assert/strict';
import { isFailure } from '../../contracts/failures.ts';
import type { FaultRule } from '../../test/stores/fault-proxy.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';
import { checkKinds, type Line, type Place, retry } from '../s3-line.ts';

/** Statuses that pass, and the share of requests that get them. */
const shares = [500, 503, 429].flatMap((status) =>
  [0.01, 0.1, 0.5].map((share) => ({ name: `${status} for ${share * 100} %`, status, share })),
);

/** Each kind of request, of which the first ones fail. */
const requests: readonly { readonly name: string; readonly rule: Omit<FaultRule, 'fault' | 'times'> }[] = [
  { name: 'GET', rule: { method: 'GET', path: /^\/[^?]*(\?x-id=GetObject)?$/ } },
  { name: 'PUT', rule: { method: 'PUT' } },
  { name: 'HEAD', rule: { method: 'HEAD' } },
  { name: 'DELETE', rule: { method: 'DELETE' } },
  { name: 'listing', rule: { path: /list-type=2/ } },
];

interface Kind {
  readonly name: string;
  readonly check: (line: Line, place: Place, run: RowRun) => Promise<void>;
}

const kinds: readonly Kind[] = [
  ...shares.map(({ name, status, share }) => ({
    name,
    check: (line: Line, place: Place, run: RowRun) => withShare(line, place, { run, status, share }),
  })),
  ...requests.map(({ name, rule }) => ({
    name: `500 for the first ${name} requests`,
    check: async ({ proxy }: Line, place: Place) => {
      proxy.rules({ ...rule, times: 3, fault: { kind: 'answer', status: 500 } });
      await place.backUp();
      await place.assertRestores();
    },
  })),
  {
    name: 'an error inside of a 200 listing',
    check: async ({ proxy }, place) => {
      const body = '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>';
      proxy.rules({ path: /list-type=2/, times: 2, fault: { kind: 'answer', status: 200, body } });
      await place.backUp();
      await place.assertRestores();
    },
  },
  {
    name: 'Retry-After',
    check: async ({ proxy }, place) => {
      const before = proxy.seen.length;
      const fault = { kind: 'answer', status: 503, headers: { 'retry-after': '1' } } as const;
      proxy.rules({ method: 'PUT', times: 1, fault });
      await place.backUp();
      const [first, second] = proxy.seen.slice(before).filter(({ method }) => method === 'PUT');
      const again = proxy.seen
        .slice(before)
        .filter(({ method, path }) => method === 'PUT' && path === first?.path);
      assert.ok(again.length >= 2 && second !== undefined);
      assert.ok((again[1]?.atMs ?? 0) - (again[0]?.atMs ?? 0) >= 990, 'it came again too early');
    },
  },
];

export const busyService: Row = {
  id: 'X6',
  title: 'a service that answers with errors is asked again, within bounds, and nothing is lost or left',
  counts: { test: 6, soak: 20 * kinds.length },
  run: (run) => checkKinds(run, kinds, (kind, { line, place }) => kind.check(line, place, run)),
};

interface Share {
  readonly run: RowRun;
  readonly status: number;
  readonly share: number;
}

/** Up to one in ten is bridged; where every second one fails, it is success or a clear failure, and soon. */
async function withShare({ proxy }: Line, place: Place, { run, status, share }: Share): Promise<void> {
  const before = proxy.seen.length;
  proxy.rules({ share, fault: { kind: 'answer', status } });
  const fromMs = performance.now();
  const failure = await place.backUp().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (share <= 0.1 && failure !== undefined) throw failure;
  if (failure !== undefined) assert.ok(isFailure(failure, 'StoreUnavailable'), String(failure));
  run.figure(`ms until the end at ${share * 100} %`, performance.now() - fromMs);
  const counts = new Map<string, number>();
  for (const { method, path } of proxy.seen.slice(before)) {
    if (method === 'PUT') counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  const attempts = Math.max(...counts.values());
  run.figure('attempts for one write', attempts);
  assert.ok(attempts < (2 * retry.totalMs) / retry.longestMs, `${attempts} attempts for one write`);
  if (failure === undefined) await place.assertRestores().catch(orClearFailure(share));
}

function orClearFailure(share: number) {
  return (error: unknown): void => {
    if (share <= 0.1 || !isFailure(error, 'StoreUnavailable')) throw error;
  };
}
