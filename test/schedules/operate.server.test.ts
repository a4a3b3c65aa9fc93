import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkflowClient } from '@temporalio/client';
import { scheduleIds } from '../../contracts/schedules.ts';
import {
  backfillSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  showSchedule,
  triggerSchedule,
} from '../../schedules/operate.ts';
import { apply, startScheduleServer } from './server.ts';

test('the list shows each schedule with its times, in the order of the manual', async () => {
  await using server = await startScheduleServer();
  assert.deepEqual(await listSchedules(server.client), []);
  await apply(server.client);
  const schedules = await listSchedules(server.client);
  assert.deepEqual(
    schedules.map(({ id }) => id),
    scheduleIds,
  );
  const [first] = schedules;
  assert.equal(first?.timing, 'daily at 02:00, UTC');
  assert.equal(first.title, 'Daily backup of every source (schedule automated_backups)');
  assert.match(first.nextAt[0] ?? '', /T02:0[0-5]:/);
});

test('a paused schedule says so with its note, and is resumed', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  await pauseSchedule(server.client, 'k8s_backups', 'cluster moves');
  await pauseSchedule(server.client, 'k8s_backups', 'cluster moves');
  const paused = await showSchedule(server.client, 'k8s_backups');
  assert.deepEqual([paused.paused, paused.note], [true, 'cluster moves']);
  await resumeSchedule(server.client, 'k8s_backups', 'moved');
  const resumed = await showSchedule(server.client, 'k8s_backups');
  assert.deepEqual([resumed.paused, resumed.note], [false, 'moved']);
});

test('a triggered schedule tells the run that it started, and a second one waits behind it', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  const { connection, options } = server.client;
  const workflows = new WorkflowClient({ connection, namespace: options.namespace });
  const started = await triggerSchedule(server.client, 'automated_backups');
  assert.equal(started.kind, 'started');
  assert.match(started.workflowId, /^schedule\/automated_backups-2/);
  const run = await workflows.getHandle(started.workflowId, started.runId).describe();
  assert.deepEqual([run.type, run.status.name, run.taskQueue], ['dailyBackup', 'RUNNING', 'test']);
  const second = await triggerSchedule(server.client, 'automated_backups');
  assert.deepEqual(second, { kind: 'waiting', behind: [started.workflowId] });
});

test('a backfill starts the runs of a past time and tells which', async () => {
  await using server = await startScheduleServer();
  await apply(server.client, { jitter: '0s' });
  const range = { from: new Date('2026-01-01T02:00:00Z'), to: new Date('2026-01-02T12:00:00Z') };
  assert.deepEqual(await backfillSchedule(server.client, 'automated_backups', range), [
    '2026-01-01T02:00:00.000Z',
    '2026-01-02T02:00:00.000Z',
  ]);
  let recent = (await showSchedule(server.client, 'automated_backups')).recent;
  while (recent.length === 0) recent = (await showSchedule(server.client, 'automated_backups')).recent;
  assert.equal(recent[0]?.workflowId, 'schedule/automated_backups-2026-01-01T02:00:00Z');
});

test('a backfill of nothing, or of very many runs, is refused', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  const from = new Date('2026-01-01T03:00:00Z');
  await assert.rejects(
    backfillSchedule(server.client, 'automated_backups', { from, to: new Date('2026-01-01T04:00:00Z') }),
    { name: 'InvalidInput', message: /has no time from/ },
  );
  await assert.rejects(
    backfillSchedule(server.client, 'security_monitoring', { from, to: new Date('2026-01-04T03:00:00Z') }),
    { name: 'InvalidInput', message: /would run 28\d times/ },
  );
});

test('a schedule that does not exist is named, with the ids there are', async () => {
  await using server = await startScheduleServer();
  for (const attempt of [
    () => showSchedule(server.client, 'daily'),
    () => pauseSchedule(server.client, 'daily', ''),
    () => triggerSchedule(server.client, 'daily'),
  ]) {
    await assert.rejects(attempt, { name: 'InvalidInput', message: /daily/, advice: /automated_backups/ });
  }
});
