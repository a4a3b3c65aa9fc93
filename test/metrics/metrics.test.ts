import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Catalog, openCatalog } from '../../catalog/catalog.ts';
import { measureDisks } from '../../metrics/disk.ts';
import { createMetrics } from '../../metrics/metrics.ts';
import { finish, listed, snapshot, start } from '../catalog/behaviour.ts';
import { parseExposition } from './exposition.ts';

const now = new Date('2026-11-21T12:00:00Z');
const disks = async () => [
  { path: '/srv', totalBytes: 1000, freeBytes: 250 },
  { path: '/mnt', totalBytes: 1000, freeBytes: 900 },
];

async function temporaryFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-metrics-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'catalog.sqlite');
}

async function fill(catalog: Catalog): Promise<void> {
  const runs = [
    ['etc', 'files', 'done', '2026-11-20T02:00:00Z', '2026-11-20T02:01:00Z'],
    ['etc', 'files', 'failed', '2026-11-21T02:00:00Z', '2026-11-21T02:00:30Z'],
    ['shop', 'postgres', 'done', '2026-11-20T02:00:00Z', '2026-11-20T02:10:00Z'],
    ['shop', 'postgres', 'partial', '2026-11-21T02:00:00Z', '2026-11-21T02:20:00Z'],
    ['crm', 'postgres', 'cancelled', '2026-11-21T03:00:00Z', '2026-11-21T03:00:01Z'],
  ] as const;
  for (const [index, [subject, kind, status, startedAt, finishedAt]] of runs.entries()) {
    const run = { ...start(subject, `r${index}`, startedAt), kind };
    await catalog.recordRunFinished({
      ...finish(run, status, finishedAt),
      bytesProcessed: 1000 * (index + 1),
    });
  }
  await catalog.recordRunStarted({ ...start('crm', 'now', '2026-11-21T11:59:00Z'), kind: 'postgres' });
  await catalog.syncSnapshots('main', listed(snapshot('1', '2026-11-21T02:00:00Z', 'source:shop')), now);
  await catalog.syncSnapshots('cloud', listed(snapshot('2', '2026-11-01T02:00:00Z', 'source:shop')), now);
  const finding = { check: 'freshness', message: 'm', evidence: [] };
  await catalog.replaceFindings(
    ['freshness', 'space'],
    [
      { ...finding, subject: 'shop', level: 'ok' },
      { ...finding, subject: 'etc', level: 'warning' },
      { ...finding, check: 'space', subject: '/srv', level: 'notice' },
    ],
    now,
  );
  await catalog.recordRepositorySize({
    repository: 'main',
    measuredAt: '2026-11-21T06:00:00Z',
    storedBytes: 77,
    snapshots: 1,
  });
}

async function scrape(catalog: Catalog, kinds: readonly string[] = ['files', 'postgres']) {
  const metrics = createMetrics({
    catalog,
    version: '1.2.3',
    kinds,
    disks,
    processMetrics: false,
    now: () => now,
  });
  return parseExposition(await metrics.text());
}

type Families = Awaited<ReturnType<typeof scrape>>;

function value(families: Families, name: string, labels: Record<string, string> = {}): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).toSorted());
  return families
    .get(name)
    ?.samples.find((sample) => JSON.stringify(Object.entries(sample.labels).toSorted()) === wanted)?.value;
}

test('the promised metrics have exactly the promised names and labels', async (t) => {
  const catalog = await openCatalog({ kind: 'sqlite', file: await temporaryFile(t) });
  t.after(() => catalog.close());
  await fill(catalog);
  const families = await scrape(catalog);
  for (const [name, labels] of Object.entries({
    backup_total: ['status', 'type'],
    backup_duration_seconds: ['status', 'type'],
    backup_size_bytes: ['type'],
    backup_success_rate: ['type'],
    backup_health_status: ['check_type'],
    backup_disk_usage_percent: [],
  })) {
    const family = families.get(name);
    assert.ok(family && family.samples.length > 0, name);
    for (const sample of family.samples) {
      assert.equal(sample.name, name);
      assert.deepEqual(Object.keys(sample.labels).toSorted(), labels, name);
    }
  }
  for (const name of families.keys()) assert.match(name, /^(backup|resguardo)_/);
});

test('the figures are those of the history', async (t) => {
  const catalog = await openCatalog({ kind: 'sqlite', file: await temporaryFile(t) });
  t.after(() => catalog.close());
  await fill(catalog);
  const families = await scrape(catalog);
  assert.equal(value(families, 'backup_total', { type: 'files', status: 'failed' }), 1);
  assert.equal(value(families, 'backup_total', { type: 'postgres', status: 'done' }), 1);
  assert.equal(value(families, 'backup_duration_seconds', { type: 'postgres', status: 'partial' }), 1200);
  assert.equal(value(families, 'resguardo_backup_seconds_total', { type: 'files', status: 'done' }), 60);
  assert.equal(value(families, 'backup_size_bytes', { type: 'files' }), 1000);
  assert.equal(value(families, 'backup_size_bytes', { type: 'postgres' }), 4000);
  assert.equal(value(families, 'backup_success_rate', { type: 'files' }), 0.5);
  assert.equal(value(families, 'backup_success_rate', { type: 'postgres' }), 1);
  assert.equal(value(families, 'backup_health_status', { check_type: 'freshness' }), 0);
  assert.equal(value(families, 'backup_health_status', { check_type: 'space' }), 1);
  assert.equal(value(families, 'backup_disk_usage_percent'), 75);
  assert.equal(
    value(families, 'resguardo_snapshot_age_seconds', { source: 'shop', repository: 'main' }),
    36_000,
  );
  assert.equal(value(families, 'resguardo_copies', { source: 'shop' }), 1);
  assert.equal(value(families, 'resguardo_last_run_ok', { source: 'etc', type: 'files' }), 0);
  assert.equal(value(families, 'resguardo_running', { workflow: 'backupSource' }), 1);
  assert.equal(value(families, 'resguardo_repository_size_bytes', { repository: 'main' }), 77);
  assert.equal(
    value(families, 'resguardo_last_success_timestamp_seconds', { source: 'shop', type: 'postgres' }),
    Date.parse('2026-11-21T02:20:00Z') / 1000,
  );
});

test('a restart changes no figure, and repeated scrapes count nothing twice', async (t) => {
  const file = await temporaryFile(t);
  const first = await openCatalog({ kind: 'sqlite', file });
  await fill(first);
  const metrics = createMetrics({
    catalog: first,
    version: '1',
    kinds: [],
    disks,
    processMetrics: false,
    now: () => now,
  });
  const before = await metrics.text();
  assert.equal(await metrics.text(), before);
  assert.deepEqual(await Promise.all([metrics.text(), metrics.text()]), [before, before]);
  await first.close();
  const second = await openCatalog({ kind: 'sqlite', file });
  t.after(() => second.close());
  const again = createMetrics({
    catalog: second,
    version: '1',
    kinds: [],
    disks,
    processMetrics: false,
    now: () => now,
  });
  assert.equal(await again.text(), before);
});

test('removing old runs does not lower a counter', async (t) => {
  const catalog = await openCatalog({ kind: 'sqlite', file: await temporaryFile(t) });
  t.after(() => catalog.close());
  await fill(catalog);
  assert.equal(await catalog.pruneRuns(now.toISOString()), 1);
  assert.equal(value(await scrape(catalog), 'backup_total', { type: 'postgres', status: 'done' }), 1);
});

test('counters of configured kinds are zero before the first run, and gauges absent', async (t) => {
  const catalog = await openCatalog({ kind: 'sqlite', file: await temporaryFile(t) });
  t.after(() => catalog.close());
  const families = await scrape(catalog, ['files']);
  assert.equal(value(families, 'backup_total', { type: 'files', status: 'failed' }), 0);
  assert.equal(families.get('backup_success_rate')?.samples.length, 0);
});

test('a catalog that cannot be read is told once, and the answer says so', async (t) => {
  const catalog = await openCatalog({ kind: 'sqlite', file: await temporaryFile(t) });
  await fill(catalog);
  await catalog.close();
  const problems: unknown[] = [];
  const metrics = createMetrics({
    catalog,
    version: '1',
    kinds: ['files'],
    disks,
    onProblem: (error) => problems.push(error),
  });
  const families = parseExposition(await metrics.text());
  await metrics.text();
  assert.equal(value(families, 'resguardo_catalog_up'), 0);
  assert.equal(families.get('backup_total')?.samples.length, 0);
  assert.equal(families.get('backup_disk_usage_percent')?.samples.length, 0);
  assert.equal(problems.length, 1);
});

test('names that people choose are escaped', async (t) => {
  const catalog = await openCatalog({ kind: 'sqlite', file: await temporaryFile(t) });
  t.after(() => catalog.close());
  const odd = 'a"b\\c\nd';
  await catalog.recordRunFinished(
    finish(start(odd, 'r', '2026-11-20T02:00:00Z'), 'done', '2026-11-20T02:01:00Z'),
  );
  assert.equal(value(await scrape(catalog), 'resguardo_last_run_ok', { source: odd, type: 'files' }), 1);
});

test('space is measured where the path is, and left out where it is not', async () => {
  const [disk, ...others] = await measureDisks([tmpdir(), '/no/such/path']);
  assert.deepEqual(others, []);
  assert.ok(disk && disk.totalBytes > 0 && disk.freeBytes <= disk.totalBytes);
});
