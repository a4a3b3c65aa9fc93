import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scheduleIds } from '../../../contracts/schedules.ts';
import type { CheckResult } from '../../../doctor/check.ts';
import { startScheduleServer } from '../../schedules/server.ts';
import { jsonOf, runCommand, temporaryFolder } from '../command-line.ts';

const all = scheduleIds.length;

async function setting(t: TestContext, section = '') {
  const server = await startScheduleServer();
  t.after(() => server[Symbol.asyncDispose]());
  const folder = await temporaryFolder(t);
  const configure = (text: string) =>
    writeFile(
      join(folder, 'resguardo.yaml'),
      `stateDir: state\nrepositories: {main: {url: repo, password: env:X}}\n${text}`,
    );
  await configure(section);
  const env = {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
    CODEC_KEY: randomBytes(32).toString('base64'),
  };
  return {
    client: server.client,
    configure,
    run: (...args: readonly string[]) => runCommand(args, { cwd: folder, env }),
  };
}

test('schedules are applied, shown, paused, triggered and resumed from the command line', async (t) => {
  const { run } = await setting(t);
  assert.match((await run('schedules', 'list')).stdout, /no schedules yet: resguardo schedules apply/);
  const dry = await run('schedules', 'apply', '--dry-run');
  assert.match(dry.stdout, /^create {2}automated_backups: daily at 02:00, UTC/);
  assert.ok(dry.stdout.includes(`Would be: ${all} created`), dry.stdout);
  const first = await run('schedules', 'apply');
  assert.equal(first.code, 0, first.stderr);
  assert.ok(first.stdout.endsWith(`${all} created, 0 changed, 0 removed, 0 unchanged.\n`), first.stdout);

  const paused = await run('schedules', 'pause', 'automated_backups', '--note', 'storage moves');
  assert.equal(paused.stdout, 'Paused: automated_backups\n');
  const second = await run('schedules', 'apply', '--json');
  const { changes } = jsonOf(second) as { changes: { kind: string; id: string; paused: boolean }[] };
  assert.deepEqual(
    changes.map(({ kind, id, paused: isPaused }) => [kind, id, isPaused]),
    scheduleIds.map((id) => ['keep', id, id === 'automated_backups']),
  );
  const shown = await run('schedules', 'show', 'automated_backups');
  assert.match(shown.stdout, /state {7}paused\nnote {8}storage moves\n/);

  const triggered = await run('schedules', 'trigger', 'automated_backups');
  assert.match(triggered.stdout, /^automated_backups: started schedule\/automated_backups-2\S+ \(run /);
  assert.equal((await run('schedules', 'resume', '--all')).code, 0);
  const list = jsonOf(await run('schedules', 'list', '--json')) as {
    id: string;
    paused: boolean;
    recent: unknown[];
  }[];
  assert.deepEqual(
    list.map(({ paused: isPaused }) => isPaused),
    scheduleIds.map(() => false),
  );
  assert.equal(list[0]?.recent.length, 1);
});

test('a change is shown field by field, and a time that the clocks skip is warned of', async (t) => {
  const { run, configure } = await setting(t);
  await run('schedules', 'apply');
  await configure('schedules: {automated_backups: {at: "02:30", timeZone: Europe/Madrid}}\n');
  const end = await run('schedules', 'apply');
  assert.match(end.stdout, / timing: daily at 02:00, UTC -> daily at 02:30, Europe\/Madrid\n/);
  assert.doesNotMatch(end.stdout, /definition/);
  assert.ok(end.stdout.includes(`0 created, 1 changed, 0 removed, ${all - 1} unchanged`), end.stdout);
  assert.match(end.stderr, /warning: automated_backups: 02:30 does not exist on /);
});

test('with encryption on, the schedules are still known as ours, and nothing of them is readable', async (t) => {
  const { run, configure, client } = await setting(t);
  await run('schedules', 'apply');
  await configure('temporal: {encryption: {key: env:CODEC_KEY}}\n');
  assert.match((await run('schedules', 'apply')).stdout, new RegExp(`${scheduleIds.length} changed`));
  assert.match((await run('schedules', 'apply')).stdout, new RegExp(`${scheduleIds.length} unchanged`));
  const request = { namespace: client.options.namespace, scheduleId: 'automated_backups' };
  const { schedule } = await client.workflowService.describeSchedule(request);
  const input = Buffer.from(schedule?.action?.startWorkflow?.input?.payloads?.[0]?.data ?? []);
  assert.ok(input.length > 0);
  assert.equal(input.includes('automated_backups'), false);
});

test('wrong usage is told with the right one', async (t) => {
  const { run } = await setting(t);
  for (const [args, message] of [
    [['pause'], /Give ids of schedules, or --all/],
    [['pause', 'daily'], /There is no schedule daily/],
    [['backfill', 'automated_backups', '--from', 'yesterday'], /2026-11-20T00:00Z/],
    [['backfill', 'automated_backups'], /--from/],
    [['show', 'nothing'], /automated_backups/],
    [[], /a command is missing/],
  ] as const) {
    const end = await run('schedules', ...args);
    assert.equal(end.code, 2, args.join(' '));
    assert.match(end.stderr, message);
  }
});

test('doctor tells of missing workers, and of schedules that are not as configured', async (t) => {
  const { run } = await setting(t);
  const of = async (subject: RegExp) => {
    const results = jsonOf(await run('doctor', '--json')) as CheckResult[];
    return results.find((result) => result.check === 'temporal' && subject.test(result.subject));
  };
  assert.equal((await of(/server/))?.status, 'ok');
  assert.equal((await of(/queue resguardo$/))?.status, 'failure');
  assert.match((await of(/schedules/))?.message ?? '', /Not as configured: automated_backups/);
  await run('schedules', 'apply');
  assert.equal((await of(/schedules/))?.status, 'ok');
  await run('schedules', 'pause', 'k8s_backups');
  assert.match((await of(/schedules/))?.message ?? '', /Paused: k8s_backups/);
});
