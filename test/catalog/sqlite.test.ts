import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Catalog, openCatalog } from '../../catalog/catalog.ts';
import { isFailure } from '../../contracts/failures.ts';
import { finish, listed, snapshot, start } from './behaviour.ts';

const execute = promisify(execFile);
const child = fileURLToPath(new URL('./child.ts', import.meta.url));

async function temporaryFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-catalog-'));
  t.after(async () => {
    chmodSync(folder, 0o700);
    await rm(folder, { recursive: true, force: true });
  });
  return join(folder, 'catalog.sqlite');
}

async function withRuns(file: string, count: number): Promise<void> {
  const catalog = await openCatalog({ kind: 'sqlite', file });
  const tags = (index: number) => ['source:etc', `run:r${index}`];
  const snapshots = Array.from({ length: count }, (_, index) =>
    snapshot(`${index}`, new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(), ...tags(index)),
  );
  await catalog.rebuildFromSnapshots('main', listed(...snapshots));
  await catalog.markRebuilt();
  await catalog.close();
}

async function reopened(
  t: TestContext,
  file: string,
): Promise<{ catalog: Catalog; warnings: readonly string[] }> {
  const warnings: string[] = [];
  const catalog = await openCatalog({ kind: 'sqlite', file, onWarning: (warning) => warnings.push(warning) });
  t.after(() => catalog.close());
  return { catalog, warnings };
}

/** Overwrites whole pages in the middle, as a bad disk does. */
function damagePages(file: string, share: number): void {
  const bytes = readFileSync(file);
  const pages = bytes.length / 4096;
  const middle = Math.floor(pages / 2);
  const count = Math.max(2, Math.floor(pages * share));
  bytes.fill(0xa5, middle * 4096, (middle + count) * 4096);
  writeFileSync(file, bytes);
}

test('the file and its folder are for their owner alone', async (t) => {
  const file = join(await temporaryFile(t), 'state', 'catalog.sqlite');
  await withRuns(file, 1);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
});

test('a file that is no database is moved aside, and a new catalog takes its place', async (t) => {
  const file = await temporaryFile(t);
  writeFileSync(file, 'this is not a database, but someone put it here\n'.repeat(100));
  const { catalog, warnings } = await reopened(t, file);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /was damaged .* moved to .*catalog\.sqlite\.damaged-/s);
  assert.equal(await catalog.needsRebuild(), true);
  assert.deepEqual(await catalog.lastRuns(), []);
  const aside = readdirSync(join(file, '..')).find((name) => name.includes('.damaged-'));
  assert.match(readFileSync(join(file, '..', aside ?? ''), 'utf8'), /someone put it here/);
});

test('an empty file becomes a new catalog without a warning', async (t) => {
  const file = await temporaryFile(t);
  writeFileSync(file, '');
  const { catalog, warnings } = await reopened(t, file);
  assert.deepEqual(await catalog.lastRuns(), []);
  assert.deepEqual(warnings, []);
});

test('of a damaged file, what can still be read is kept', async (t) => {
  const file = await temporaryFile(t);
  await withRuns(file, 3000);
  damagePages(file, 0.02);
  const { catalog, warnings } = await reopened(t, file);
  assert.equal(warnings.length, 1);
  const kept = await catalog.runsBetween('2026-01-01', '2027-01-01');
  assert.ok(kept.length > 1000, `${kept.length} of 3000 runs were kept`);
  assert.equal(await catalog.needsRebuild(), true);
});

test('a file that lost its end is moved aside', async (t) => {
  const file = await temporaryFile(t);
  await withRuns(file, 2000);
  writeFileSync(file, readFileSync(file).subarray(0, 300_000));
  const { catalog, warnings } = await reopened(t, file);
  assert.equal(warnings.length, 1);
  await catalog.recordRunStarted(start('a', 'r', '2026-01-01T00:00:00Z'));
});

test('damage that shows at work is mended at work', async (t) => {
  const file = await temporaryFile(t);
  // More than SQLite's cache of 2 MB, which the check at opening fills.
  await withRuns(file, 8000);
  const { catalog, warnings } = await reopened(t, file);
  assert.equal((await catalog.runs({}, { limit: 1 })).length, 1);
  damagePages(file, 0.45);
  const runs = await catalog.runsBetween('2026-01-01', '2027-01-01');
  assert.ok(Array.isArray(runs));
  await catalog.recordRunStarted(start('new', 'r', '2026-11-01T00:00:00Z'));
  assert.equal((await catalog.runs({ subject: 'new' })).length, 1);
  assert.equal(warnings.length, 1);
});

test('a catalog that is removed under a running process is made anew', async (t) => {
  const file = await temporaryFile(t);
  const { catalog } = await reopened(t, file);
  await catalog.recordRunStarted(start('a', 'r1', '2026-01-01T00:00:00Z'));
  renameSync(file, `${file}.gone`);
  await catalog.recordRunStarted(start('b', 'r2', '2026-01-01T00:00:00Z'));
  assert.deepEqual(
    (await catalog.lastRuns()).map(({ subject }) => subject),
    ['b'],
  );
});

test('processes that open a damaged file at once agree on one new catalog', async (t) => {
  const file = await temporaryFile(t);
  writeFileSync(file, 'garbage '.repeat(1000));
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => execute(process.execPath, [child, 'record', file, name, '20'])));
  const { catalog } = await reopened(t, file);
  assert.equal(readdirSync(join(file, '..')).filter((name) => name.includes('.damaged-')).length, 1);
  for (const name of names) assert.equal((await catalog.runs({ subject: name })).length, 20, name);
});

test('processes that write at once lose nothing and count each run once', async (t) => {
  const file = await temporaryFile(t);
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => execute(process.execPath, [child, 'record', file, name, '150'])));
  const { catalog } = await reopened(t, file);
  assert.equal((await catalog.totals())[0]?.runs, 450);
  assert.equal((await catalog.runsBetween('2026-01-01', '2026-02-01')).length, 450);
});

test('a process that is killed while it writes leaves a whole catalog', async (t) => {
  const file = await temporaryFile(t);
  const writer = spawn(process.execPath, [child, 'record', file, 'a', '1000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(writer.stdout, 'data');
  const { catalog, warnings } = await reopened(t, file);
  while ((await catalog.runs({}, { limit: 5 })).length < 5);
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  const total = (await catalog.totals())[0]?.runs ?? 0;
  const done = (await catalog.runsBetween('2026-01-01', '2027-01-01', { status: ['done'] })).length;
  assert.equal(done, total);
  assert.deepEqual(warnings, []);
});

test('a folder that may not be written to is told by name, with what to do', async (t) => {
  const file = await temporaryFile(t);
  await withRuns(file, 1);
  chmodSync(file, 0o444);
  chmodSync(join(file, '..'), 0o555);
  const { stdout } = await execute(process.execPath, [child, 'open-as-other', file]);
  const failure = JSON.parse(stdout);
  assert.equal(failure.type, 'CatalogUnwritable');
  assert.ok(failure.message.includes(file));
  assert.match(failure.advice, /stateDir/);
});

test('a folder in the place of the file, and a file in the place of its folder, are told', async (t) => {
  const file = await temporaryFile(t);
  mkdirSync(file);
  await assert.rejects(openCatalog({ kind: 'sqlite', file }), (error) =>
    isFailure(error, 'CatalogUnwritable'),
  );
  writeFileSync(`${file}.plain`, '');
  const below = join(`${file}.plain`, 'catalog.sqlite');
  await assert.rejects(openCatalog({ kind: 'sqlite', file: below }), (error) =>
    isFailure(error, 'CatalogUnwritable'),
  );
});

test('a catalog of a newer version is left alone', async (t) => {
  const file = await temporaryFile(t);
  await withRuns(file, 5);
  const raw = new DatabaseSync(file);
  raw.exec("insert into resguardo_migrations values ('9999-future', '2030-01-01')");
  raw.close();
  await assert.rejects(openCatalog({ kind: 'sqlite', file }), (error) =>
    isFailure(error, 'CatalogUnsupported'),
  );
});

test('a closed catalog says so', async (t) => {
  const { catalog } = await reopened(t, await temporaryFile(t));
  await catalog.recordRunFinished(
    finish(start('a', 'r', '2026-01-01T00:00:00Z'), 'done', '2026-01-01T01:00:00Z'),
  );
  await catalog.close();
  await assert.rejects(catalog.lastRuns(), /the catalog is closed/);
});
