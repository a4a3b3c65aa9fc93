import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScheduleClient } from '@temporalio/client';
import { scheduleIds } from '../../contracts/schedules.ts';
import type { ScheduleChange } from '../../schedules/apply.ts';
import { scheduleOptions } from '../../schedules/mapping.ts';
import { listOurs } from '../../schedules/server.ts';
import { apply, definitions, startScheduleServer } from './server.ts';

const kinds = (changes: readonly ScheduleChange[]) => changes.map(({ kind }) => kind);
const all = (kind: string, count: number = scheduleIds.length) => Array.from({ length: count }, () => kind);

test('the first apply creates the schedules, the second changes nothing', async () => {
  await using server = await startScheduleServer();
  assert.deepEqual(kinds(await apply(server.client)), all('create'));
  const updated = await lastUpdates(server.client);
  assert.deepEqual(kinds(await apply(server.client)), all('keep'));
  assert.deepEqual(await lastUpdates(server.client), updated);
});

test('each schedule has its next time, its catch-up window and its overlap policy on the server', async () => {
  await using server = await startScheduleServer();
  await apply(server.client, { timeZone: 'America/New_York', jitter: '0s' });
  const { info, policies, spec, action } = await server.client.getHandle('automated_backups').describe();
  const [next] = info.nextActionTimes;
  const wall = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', timeStyle: 'short' });
  assert.equal(next && wall.format(next), '02:00');
  assert.equal(spec.timezone, 'America/New_York');
  assert.deepEqual(policies, { overlap: 'BUFFER_ONE', catchupWindow: 72_000_000, pauseOnFailure: false });
  assert.equal(action.workflowType, 'dailyBackup');
  assert.deepEqual(action.args, [{ schedule: 'automated_backups' }]);
});

test('a changed configuration changes that schedule alone, and tells what is changed', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  const section = {
    backup_verification: { at: ['05:30', '17:30'], on: ['monday', 'sunday'], readDataPercent: 3 },
  };
  const changes = await apply(server.client, section);
  assert.deepEqual(
    changes.filter(({ kind }) => kind !== 'keep').map(({ id }) => id),
    ['backup_verification'],
  );
  const [change] = changes.filter((candidate) => candidate.kind === 'update');
  assert.deepEqual(
    change?.differences.filter(({ field }) => field !== 'definition'),
    [
      { field: 'timing', from: 'daily at 06:00, UTC', to: 'every sunday, monday at 05:30, 17:30, UTC' },
      {
        field: 'input',
        from: '{"schedule":"backup_verification","readDataPercent":10}',
        to: '{"schedule":"backup_verification","readDataPercent":3}',
      },
    ],
  );
  assert.deepEqual(kinds(await apply(server.client, section)), all('keep'));
});

test('what somebody changed by hand on the server is put right', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  await server.client.getHandle('incremental_backups').update((current) => ({
    ...current,
    spec: { ...current.spec, intervals: [{ every: '12h' }] },
  }));
  const changes = await apply(server.client);
  const [change] = changes.filter((candidate) => candidate.kind === 'update');
  assert.deepEqual(change?.differences, [{ field: 'timing', from: 'every 12h', to: 'every 6h' }]);
  assert.deepEqual(kinds(await apply(server.client)), all('keep'));
});

test("an operator's pause and note survive an apply, changed or not", async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  await server.client.getHandle('automated_backups').pause('maintenance until Friday');
  for (const section of [{}, { automated_backups: { at: '23:00' } }]) {
    await apply(server.client, section);
    const { state } = await server.client.getHandle('automated_backups').describe();
    assert.deepEqual([state.paused, state.note], [true, 'maintenance until Friday']);
  }
});

test('a pause that an operator makes in the middle of an apply is not undone', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  const { client } = server;
  let paused = false;
  const service = client.connection.workflowService;
  const update = service.updateSchedule.bind(service);
  Object.defineProperty(service, 'updateSchedule', {
    configurable: true,
    value: async (request: Parameters<typeof service.updateSchedule>[0]) => {
      if (!paused) {
        paused = true;
        await client.getHandle('automated_backups').pause('now!');
      }
      return update(request);
    },
  });
  await apply(client, { automated_backups: { at: '04:44' } });
  const { state, spec } = await client.getHandle('automated_backups').describe();
  assert.deepEqual([paused, state.paused, state.note], [true, true, 'now!']);
  assert.deepEqual(spec.calendars?.[0]?.minute, [{ start: 44, end: 44, step: 1 }]);
});

test('a schedule that is switched off is removed, a foreign one stays', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  await createForeign(server.client, 'their_schedule');
  await listed(server.client, scheduleIds.length);
  const section = { k8s_backups: { enabled: false }, security_monitoring: { enabled: false } };
  const changes = await apply(server.client, section);
  assert.deepEqual(
    changes
      .filter(({ kind }) => kind === 'remove')
      .map(({ id }) => id)
      .sort(),
    ['k8s_backups', 'security_monitoring'],
  );
  await assert.rejects(server.client.getHandle('k8s_backups').describe());
  await server.client.getHandle('their_schedule').describe();
  assert.deepEqual(kinds(await apply(server.client, section)), all('keep', scheduleIds.length - 2));
});

test('an apply that would remove more than half, or all, is refused unless it is forced', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  await listed(server.client, scheduleIds.length);
  const off = { enabled: false };
  const most = Math.floor(scheduleIds.length / 2) + 1;
  const few = Object.fromEntries(scheduleIds.slice(0, most).map((id) => [id, off]));
  const none = Object.fromEntries(scheduleIds.map((id) => [id, off]));
  await assert.rejects(apply(server.client, few), {
    name: 'TargetConflict',
    message: new RegExp(`${most} of our ${scheduleIds.length}`),
  });
  await assert.rejects(apply(server.client, none), { name: 'InvalidConfiguration' });
  await assert.rejects(apply(server.client, few, { dryRun: true }), { name: 'TargetConflict' });
  await server.client.getHandle('automated_backups').describe();
  assert.deepEqual(kinds(await apply(server.client, few, { force: true })), [
    ...all('keep', scheduleIds.length - most),
    ...all('remove', most),
  ]);
});

test('a schedule of somebody else under our id is left alone unless it is forced', async () => {
  await using server = await startScheduleServer();
  await createForeign(server.client, 'automated_backups');
  await assert.rejects(apply(server.client), { name: 'TargetConflict', message: /automated_backups/ });
  await assert.rejects(
    server.client.getHandle('k8s_backups').describe(),
    'nothing is changed before the refusal',
  );
  const changes = await apply(server.client, {}, { force: true });
  assert.deepEqual(kinds(changes), ['replace', ...all('create', scheduleIds.length - 1)]);
  assert.deepEqual(kinds(await apply(server.client)), all('keep'));
});

test('a dry run tells what would be done and does nothing', async () => {
  await using server = await startScheduleServer();
  assert.deepEqual(kinds(await apply(server.client, {}, { dryRun: true })), all('create'));
  await assert.rejects(server.client.getHandle('automated_backups').describe());
});

test('several people who apply the same configuration at once leave one whole set', async () => {
  await using server = await startScheduleServer();
  const section = { automated_backups: { at: '01:11' } };
  const results = await Promise.all([1, 2, 3, 4].map(() => apply(server.client, section)));
  const created = results
    .flat()
    .filter(({ kind }) => kind === 'create')
    .map(({ id }) => id);
  assert.deepEqual(created.sort(), [...scheduleIds].sort());
  const moved = { automated_backups: { at: '01:12' } };
  await Promise.all([1, 2, 3, 4].map(() => apply(server.client, moved)));
  assert.deepEqual(kinds(await apply(server.client, moved)), all('keep'));
});

test('a new encryption key rewrites the schedules once', async () => {
  await using server = await startScheduleServer();
  await apply(server.client);
  const context = { taskQueue: 'test', encryptionKeyId: 'abc' };
  assert.deepEqual(kinds(await apply(server.client, {}, { context })), all('update'));
  assert.deepEqual(kinds(await apply(server.client, {}, { context })), all('keep'));
});

async function createForeign(client: ScheduleClient, scheduleId: string): Promise<void> {
  const [schedule] = definitions();
  assert.ok(schedule);
  await client.create({
    ...scheduleOptions(schedule, { taskQueue: 'test' }),
    scheduleId,
    memo: { team: 'other' },
  });
}

/** The server's list lags behind: waits until it names that many of ours. */
async function listed(client: ScheduleClient, count: number): Promise<void> {
  while ((await listOurs(client)).length < count) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function lastUpdates(client: ScheduleClient): Promise<readonly (Date | undefined)[]> {
  return Promise.all(
    scheduleIds.map(async (id) => (await client.getHandle(id).describe()).info.lastUpdatedAt),
  );
}
