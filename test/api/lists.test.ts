import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { sourceSchema } from '../../api/schemas.ts';
import { parseExposition } from '../metrics/exposition.ts';
import { finishedRun, runApi } from './running-api.ts';

interface Page {
  readonly items: readonly { readonly runId: string; readonly id: string }[];
  readonly nextCursor?: string;
}

const sourcesSchema = z.object({ items: z.array(sourceSchema) });

test('sources are told with their last runs and newest snapshots', async (t) => {
  const { get, catalog } = await runApi(t);
  await catalog.recordRunFinished(finishedRun(1));
  await catalog.recordRunFinished(
    finishedRun(2, { status: 'failed', failure: { type: 'SourceUnreachable', message: 'no route' } }),
  );
  await catalog.syncSnapshots('main', snapshots(2));
  const response = await get('/api/v1/sources');
  assert.equal(response.status, 200);
  const { items } = sourcesSchema.parse(await response.json());
  assert.deepEqual(
    items.map(({ name, kind, repository, tags }) => ({ name, kind, repository, tags })),
    [
      { name: 'shop', kind: 'postgres', repository: 'main', tags: [] },
      { name: 'etc', kind: 'files', repository: 'main', tags: ['system'] },
    ],
  );
  const [shop, etc] = items;
  assert.equal(shop?.snapshots, 2);
  assert.equal(shop?.newestSnapshotAt, '2026-11-02T02:00:00.000Z');
  assert.deepEqual(shop?.lastRun?.failure, { type: 'SourceUnreachable', message: 'no route' });
  assert.equal(shop?.lastGoodRun?.runId, 'run-1');
  assert.equal(etc?.lastRun, undefined);
});

test('runs come newest first in pages, each once, also while new ones are added', async (t) => {
  const { get, catalog } = await runApi(t);
  for (let day = 1; day <= 7; day += 1) await catalog.recordRunFinished(finishedRun(day));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '3', ...(cursor !== undefined && { cursor }) });
    const page = (await (await get(`/api/v1/runs?${query}`)).json()) as Page;
    seen.push(...page.items.map(({ runId }) => runId));
    if (cursor === undefined) await catalog.recordRunFinished(finishedRun(8));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  assert.deepEqual(seen, ['run-7', 'run-6', 'run-5', 'run-4', 'run-3', 'run-2', 'run-1']);
});

test('runs are chosen by source, status and time', async (t) => {
  const { get, catalog } = await runApi(t);
  for (let day = 1; day <= 4; day += 1) await catalog.recordRunFinished(finishedRun(day));
  await catalog.recordRunFinished(finishedRun(5, { status: 'failed' }));
  await catalog.recordRunFinished(
    finishedRun(6, { workflowId: 'backup/etc', subject: 'etc', kind: 'files' }),
  );
  for (const [query, expected] of [
    ['source=etc', ['run-6']],
    ['status=failed', ['run-5']],
    ['source=shop&from=2026-11-02T00:00:00Z&to=2026-11-04T00:00:00Z', ['run-3', 'run-2']],
    ['workflow=restore', []],
  ] as const) {
    const page = (await (await get(`/api/v1/runs?${query}`)).json()) as Page;
    assert.deepEqual(
      page.items.map(({ runId }) => runId),
      expected,
      query,
    );
  }
});

test('one run is found by its ids, and one that is not there is told of', async (t) => {
  const { get, catalog } = await runApi(t);
  await catalog.recordRunFinished(finishedRun(1));
  const found = await get('/api/v1/runs/backup%2Fshop/run-1');
  assert.equal(found.status, 200);
  assert.equal(((await found.json()) as { bytesProcessed: number }).bytesProcessed, 1000);
  const missing = await get('/api/v1/runs/backup%2Fshop/run-2');
  assert.equal(missing.status, 404);
  assert.deepEqual(await missing.json(), {
    type: 'NotFound',
    message: 'There is no run run-2 of backup/shop',
    advice: 'List the runs: GET /api/v1/runs.',
  });
});

test('snapshots come newest first in pages', async (t) => {
  const { get, catalog } = await runApi(t);
  await catalog.syncSnapshots('main', snapshots(5));
  const first = (await (await get('/api/v1/snapshots?source=shop&limit=3')).json()) as Page;
  const second = (await (
    await get(`/api/v1/snapshots?source=shop&limit=3&cursor=${first.nextCursor}`)
  ).json()) as Page;
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id.slice(0, 1)),
    ['5', '4', '3', '2', '1'],
  );
  assert.equal(second.nextCursor, undefined);
  const none = (await (await get('/api/v1/snapshots?source=etc')).json()) as Page;
  assert.deepEqual(none.items, []);
});

test('the metrics are what Prometheus reads', async (t) => {
  const { get, catalog } = await runApi(t);
  await catalog.recordRunFinished(finishedRun(1));
  const response = await get('/metrics');
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const families = parseExposition(await response.text());
  const done = families.get('backup_total')?.samples.find(({ labels }) => labels.status === 'done');
  assert.deepEqual([done?.labels.type, done?.value], ['postgres', 1]);
  assert.equal(families.get('resguardo_catalog_up')?.samples[0]?.value, 1);
});

test('schedules need Temporal, and say so with 503', async (t) => {
  const { get } = await runApi(t);
  const response = await get('/api/v1/schedules');
  assert.equal(response.status, 503);
  assert.equal(((await response.json()) as { type: string }).type, 'TemporalUnavailable');
});

async function* snapshots(count: number) {
  for (let day = 1; day <= count; day += 1) {
    yield {
      id: String(day).repeat(64),
      time: `2026-11-0${day}T03:00:00+01:00`,
      tree: '0'.repeat(64),
      paths: ['/shop'],
      hostname: 'db1',
      tags: ['source:shop', 'kind:postgres', `run:run-${day}`],
    };
  }
}
