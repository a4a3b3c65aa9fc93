import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { StatusFile } from '../../activities/status-file.ts';
import type { RunReport } from '../../contracts/activities.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-status-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'state');
}

function report(change: Partial<RunReport>): RunReport {
  return {
    workflow: 'backupSource',
    workflowId: 'backup/docs',
    runId: 'run-1',
    subject: 'docs',
    status: 'done',
    startedAt: '2026-11-21T02:00:00.000Z',
    finishedAt: '2026-11-21T02:05:00.000Z',
    ...change,
  };
}

test('the last run and the last good one are kept for each source', async (t) => {
  const file = new StatusFile(await folderFor(t));
  await file.record(report({}));
  await file.record(report({ runId: 'run-2', status: 'failed', finishedAt: '2026-11-22T02:00:00.000Z' }));
  await file.record(report({ subject: 'db', status: 'partial' }));
  const { runs } = await file.read();
  assert.equal(runs.backupSource?.docs?.last.runId, 'run-2');
  assert.equal(runs.backupSource?.docs?.lastGood?.runId, 'run-1');
  assert.equal(runs.backupSource?.db?.lastGood?.status, 'partial');
});

test('a report that comes late does not hide a newer one', async (t) => {
  const file = new StatusFile(await folderFor(t));
  await file.record(report({ runId: 'new', finishedAt: '2026-11-22T02:00:00.000Z' }));
  await file.record(report({ runId: 'late', status: 'failed' }));
  assert.equal((await file.read()).runs.backupSource?.docs?.last.runId, 'new');
});

test('reports that come at once are all kept, and nothing else is left in the folder', async (t) => {
  const folder = await folderFor(t);
  const file = new StatusFile(folder);
  const subjects = Array.from({ length: 20 }, (_, number) => `source-${number}`);
  await Promise.all(subjects.map((subject) => file.record(report({ subject }))));
  assert.equal(Object.keys((await file.read()).runs.backupSource ?? {}).length, 20);
  assert.deepEqual(await readdir(folder), ['status.json']);
  assert.equal((await stat(path.join(folder, 'status.json'))).mode & 0o777, 0o600);
});

test('a file that somebody has broken is begun anew', async (t) => {
  const folder = await folderFor(t);
  const file = new StatusFile(folder);
  await file.record(report({}));
  await writeFile(path.join(folder, 'status.json'), '{"version":');
  await file.record(report({ subject: 'db' }));
  assert.deepEqual(Object.keys((await file.read()).runs.backupSource ?? {}), ['db']);
});
