import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { type Failure, type FailureType, isFailure } from '../../contracts/failures.ts';
import { openStore } from '../../stores/open.ts';
import type { Store, StoreFile } from '../../stores/store.ts';
import { type Fault, type FaultProxy, faultProxy } from './fault-proxy.ts';
import { places, type ServiceKind } from './test-stores.ts';

/** How a service says each of these. */
export interface ServiceAnswers {
  readonly busy: Fault;
  readonly forbidden: Fault;
  readonly wrongKey: Fault;
  /** Left out where only another service says so, when it is asked for a token. */
  readonly expired?: Fault;
  readonly clock?: Fault;
  readonly noContainer: Fault;
  /** HTTP 200 with an error where a listing should be. */
  readonly errorInside200: Fault;
  /** Name of the right to write. */
  readonly writeAction: RegExp;
  /** Whether the server compares an upload with its checksum. */
  readonly checksUploads: boolean;
}

/** Generous, so that a busy machine looks like neither a stalled connection nor a service that is down. */
const patient = {
  retry: { initialMs: 5, longestMs: 40, totalMs: 30_000 },
  times: { connectMs: 30_000, idleMs: 30_000 },
};
const soonStalled = { ...patient, times: { connectMs: 30_000, idleMs: 1_000 } };
const soonGivenUp = { ...patient, retry: { initialMs: 5, longestMs: 40, totalMs: 1_000 } };

/** What a store owes its caller when the network or the service fails, run against each that speaks HTTP. */
export function testFaults(kind: Exclude<ServiceKind, 'sftp'>, answers: ServiceAnswers): void {
  const title = (behaviour: string) => `${kind}: ${behaviour}`;

  test(title('a trouble that passes is bridged on every kind of request'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    for (const fault of [
      answers.busy,
      { kind: 'answer', status: 500 },
      { kind: 'answer', status: 429 },
    ] as const) {
      const bytes = randomBytes(1_000);
      const file = fileOf(bytes);
      const bridged = async (work: () => Promise<unknown>): Promise<unknown> => {
        proxy.rules({ times: 2, fault });
        return await work();
      };
      assert.equal(await bridged(() => store.save(file, [bytes])), 'stored');
      assert.deepEqual(await bridged(() => store.load(file)), bytes);
      assert.deepEqual(
        await bridged(() => store.load(file, { offset: 5, length: 7 })),
        bytes.subarray(5, 12),
      );
      assert.equal(await bridged(() => store.size(file)), 1_000);
      const listed = { name: file.name, sizeBytes: 1_000 };
      assert.partialDeepStrictEqual(await bridged(() => Array.fromAsync(store.list('data'))), [listed]);
      await bridged(() => store.remove(file));
      assert.equal(await store.load(file), undefined);
    }
  });

  test(title('a wait that the service asks for is kept'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    proxy.rules({
      times: 1,
      fault: { ...answers.busy, headers: { ...headersOf(answers.busy), 'retry-after': '1' } } as Fault,
    });
    await store.size(fileOf(randomBytes(1)));
    const [first, second] = proxy.seen.slice(-2);
    assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 990, 'the second request came a second later');
  });

  test(title('a wait that is too long ends the request, and says how long'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    proxy.rules({ fault: { kind: 'answer', status: 503, headers: { 'retry-after': '3600' } } });
    const before = proxy.seen.length;
    const failure = await failureOf(store.size(fileOf(randomBytes(1))), 'StoreUnavailable');
    assert.equal(failure.retryAfterMs, 3_600_000);
    assert.equal(proxy.seen.length - before, 1);
  });

  test(title('a service that stays down is given up, and then not asked at all for a while'), async (t) => {
    const { store, proxy } = await faulty(t, kind, soonGivenUp);
    proxy.rules({ fault: answers.busy });
    await failureOf(store.size(fileOf(randomBytes(1))), 'StoreUnavailable');
    const asked = proxy.seen.length;
    assert.ok(asked > 3, 'it was tried again');
    const next = await failureOf(store.load(fileOf(randomBytes(1))), 'StoreUnavailable');
    assert.match(next.message, /asked again in \d+ s/);
    assert.equal(proxy.seen.length, asked);
  });

  for (const [name, type, advice] of [
    ['forbidden', 'StoreForbidden', answers.writeAction],
    ['wrongKey', 'StoreAuthentication', /key|credentials|SAS/i],
    ['expired', 'StoreAuthentication', /[Rr]enew|SAS|credentials/],
    ['clock', 'StoreAuthentication', /clock/i],
    ['noContainer', 'RepositoryNotFound', /[Cc]reate/],
  ] as const) {
    const fault = answers[name];
    if (fault === undefined) continue;
    test(title(`"${name}" is told at once with its mend, and not tried again`), async (t) => {
      const { store, proxy } = await faulty(t, kind);
      proxy.rules({ fault });
      const before = proxy.seen.length;
      const bytes = randomBytes(10);
      const failure = await failureOf(store.save(fileOf(bytes), [bytes]), type);
      assert.match(`${failure.message} ${failure.advice}`, advice);
      assert.equal(proxy.seen.length - before, 1);
    });
  }

  test(title('a connection that is reset in the middle of a body is replaced'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    const { file, bytes } = await stored(store);
    proxy.rules({ method: 'GET', times: 2, fault: { kind: 'reset', afterBytes: 70_000 } });
    assert.ok((await store.load(file))?.equals(bytes));
    proxy.rules({ method: 'GET', times: 1, fault: { kind: 'reset', afterBytes: 0 } });
    assert.equal((await Array.fromAsync(store.list('data'))).length, 1);
  });

  test(title('a connection that stalls in the middle of a body is cut and replaced'), async (t) => {
    const { store, proxy } = await faulty(t, kind, soonStalled);
    const { file, bytes } = await stored(store);
    proxy.rules({ method: 'GET', times: 1, fault: { kind: 'stall', afterBytes: 100_000 } });
    assert.ok((await store.load(file))?.equals(bytes));
  });

  test(title('a service that never answers is given up, with the reason'), async (t) => {
    const { store, proxy } = await faulty(t, kind, { ...soonGivenUp, times: soonStalled.times });
    proxy.rules({ fault: { kind: 'silence' } });
    const failure = await failureOf(store.size(fileOf(randomBytes(1))), 'StoreUnavailable');
    assert.match(failure.message, /no byte came or went/);
  });

  test(title('a cancelled request to a service that never answers ends at once'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    proxy.rules({ fault: { kind: 'silence' } });
    const abort = new AbortController();
    const bytes = randomBytes(10);
    const saved = store.save(fileOf(bytes), [bytes], abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await assert.rejects(saved, { message: 'enough' });
  });

  test(title('a slow service is no stalled one'), async (t) => {
    const { store, proxy } = await faulty(t, kind, {
      ...patient,
      times: { connectMs: 30_000, idleMs: 2_000 },
    });
    const { file, bytes } = await stored(store);
    proxy.rules({ method: 'GET', fault: { kind: 'drip', pieceBytes: 10_000, everyMs: 100 } });
    const before = proxy.seen.length;
    assert.ok((await store.load(file))?.equals(bytes));
    assert.equal(proxy.seen.length - before, 1, 'one request sufficed');
  });

  test(title('an error inside of an answer of success is none'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    const { file } = await stored(store);
    proxy.rules({ times: 1, fault: answers.errorInside200 });
    assert.deepEqual(
      (await Array.fromAsync(store.list('data'))).map(({ name }) => name),
      [file.name],
    );
  });

  if (answers.checksUploads) {
    test(title('bytes that are changed on their way up are noticed and sent again'), async (t) => {
      const { store, proxy } = await faulty(t, kind);
      for (const isHashTold of [false, true]) {
        const bytes = randomBytes(200_000);
        const file = { ...fileOf(bytes), ...(isHashTold && { sha256: hash('sha256', bytes) }) };
        proxy.rules({ times: 1, fault: { kind: 'flip', of: 'request', at: 150_000 } });
        assert.equal(await store.save(file, [bytes]), 'stored');
        assert.ok((await store.load(file))?.equals(bytes));
      }
    });
  }

  test(title('of many requests all succeed when one in ten fails'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    proxy.rules({ share: 0.1, fault: { kind: 'answer', status: 500 } });
    const files = Array.from({ length: 60 }, () => randomBytes(2_000));
    const outcomes = await Promise.all(files.map((bytes) => store.save(fileOf(bytes), [bytes])));
    // On a busy machine an answer can be late, and the next attempt finds the file.
    assert.ok(outcomes.every((outcome) => outcome === 'stored' || outcome === 'exists'));
    assert.equal((await Array.fromAsync(store.list('data'))).length, 60);
  });

  test(title('when every second request fails, each ends with success or a clear failure'), async (t) => {
    const { store, proxy } = await faulty(t, kind);
    proxy.rules({ share: 0.5, fault: answers.busy });
    const files = Array.from({ length: 40 }, () => randomBytes(100));
    const outcomes = await Promise.allSettled(files.map((bytes) => store.save(fileOf(bytes), [bytes])));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.ok(isFailure(outcome.reason, 'StoreUnavailable'));
    }
  });
}

async function faulty(
  t: TestContext,
  kind: ServiceKind,
  patience: typeof patient = patient,
): Promise<{ readonly store: Store; readonly proxy: FaultProxy }> {
  const { origin } = await places[kind](t);
  const proxy = await faultProxy(t, origin);
  const { url, settings } = await places[kind](t, proxy.origin);
  const store = await openStore(url, { ...settings, ...patience });
  t.after(() => store.close());
  return { store, proxy };
}

async function stored(store: Store): Promise<{ readonly file: StoreFile; readonly bytes: Buffer }> {
  const bytes = randomBytes(300_000);
  await store.save(fileOf(bytes), [bytes]);
  return { file: fileOf(bytes), bytes };
}

function fileOf(bytes: Uint8Array): StoreFile {
  return { type: 'data', name: hash('sha256', bytes) };
}

function headersOf(fault: Fault): Record<string, string> {
  return fault.kind === 'answer' ? (fault.headers ?? {}) : {};
}

async function failureOf(work: Promise<unknown>, type: FailureType): Promise<Failure> {
  const outcome = await work.then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  );
  assert.ok(isFailure(outcome, type), String(outcome));
  return outcome;
}
