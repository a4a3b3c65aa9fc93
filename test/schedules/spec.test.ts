import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { schedulesSchema } from '../../configuration/schedules-schema.ts';
import {
  pruneInputSchema,
  replicateInputSchema,
  scheduledInputSchema,
  verificationInputSchema,
} from '../../contracts/inputs.ts';
import { scheduledWorkflowTypes } from '../../contracts/schedules.ts';
import { daylightWarnings } from '../../schedules/daylight.ts';
import { describeTiming, fingerprint, scheduleDefinitions } from '../../schedules/spec.ts';

const definitions = (section: unknown) => scheduleDefinitions(schedulesSchema.parse(section));
const one = (section: unknown, id: string) => {
  const found = definitions(section).find((definition) => definition.id === id);
  assert.ok(found, id);
  return found;
};

test('without a word of configuration there are the schedules at their times', () => {
  assert.deepEqual(
    Object.fromEntries(definitions({}).map((schedule) => [schedule.id, describeTiming(schedule)])),
    {
      automated_backups: 'daily at 02:00, UTC, up to 5m later',
      incremental_backups: 'every 6h, up to 5m later',
      security_monitoring: 'every 15m, up to 30s later',
      k8s_backups: 'daily at 03:00, UTC, up to 5m later',
      backup_verification: 'daily at 06:00, UTC, up to 5m later',
      backup_analytics_report: 'daily at 08:00, UTC',
      backup_compliance_check: 'daily at 09:00, UTC',
      repository_prune: 'daily at 04:30, UTC, up to 5m later',
      repository_copies: 'every 6h, up to 5m later',
      monthly_archive: 'monthly on day 1 at 05:30, UTC, up to 5m later',
      object_lock_renewal: 'every sunday at 05:00, UTC, up to 5m later',
    },
  );
});

const schemas: Readonly<Record<string, z.ZodType>> = {
  verification: verificationInputSchema,
  replicate: replicateInputSchema,
  prune: pruneInputSchema,
};

test('each schedule starts its own workflow type with an input that this workflow accepts', () => {
  const types = definitions({}).map(({ workflowType, input }) => {
    const schema = schemas[workflowType] ?? scheduledInputSchema;
    assert.equal(schema.safeParse(input).success, true, workflowType);
    return workflowType;
  });
  assert.deepEqual(types, Object.values(scheduledWorkflowTypes));
});

test('calendar schedules let one run wait and are made up for until the next is near, intervals skip', () => {
  for (const { timing, overlap, catchUpMs, everyMs } of definitions({}).map((schedule) => ({
    ...schedule,
    everyMs: schedule.timing.kind === 'interval' ? schedule.timing.everyMs : 0,
  }))) {
    assert.equal(overlap, timing.kind === 'calendar' ? 'buffer-one' : 'skip');
    const weekly = timing.kind === 'calendar' && timing.weekdays !== undefined;
    const monthly = timing.kind === 'calendar' && timing.dayOfMonth !== undefined;
    const hours = monthly ? 14 * 24 : weekly ? 72 : 20;
    assert.equal(catchUpMs, timing.kind === 'calendar' ? hours * 3_600_000 : everyMs);
  }
});

test('every time, time zone, jitter and catch-up can be set, and a schedule can be switched off', () => {
  const section = {
    timeZone: 'Europe/Madrid',
    jitter: '1m',
    automated_backups: { at: ['22:30', '12:30', '12:30'], catchUp: '3d', jitter: '0s' },
    incremental_backups: { every: '4h', offset: '5h' },
    backup_verification: { at: '03:30', on: ['sunday', 'wednesday'], timeZone: 'UTC', readDataPercent: 25 },
    backup_analytics_report: { at: '07:00', on: 1 },
    k8s_backups: { enabled: false },
  };
  assert.equal(describeTiming(one(section, 'automated_backups')), 'daily at 12:30, 22:30, Europe/Madrid');
  assert.equal(one(section, 'automated_backups').catchUpMs, 259_200_000);
  assert.equal(describeTiming(one(section, 'incremental_backups')), 'every 4h plus 1h, up to 1m later');
  assert.equal(
    describeTiming(one(section, 'backup_verification')),
    'every sunday, wednesday at 03:30, UTC, up to 1m later',
  );
  assert.deepEqual(one(section, 'backup_verification').input, {
    schedule: 'backup_verification',
    readDataPercent: 25,
  });
  assert.equal(
    describeTiming(one(section, 'backup_analytics_report')),
    'monthly on day 1 at 07:00, Europe/Madrid, up to 1m later',
  );
  assert.equal(
    definitions(section).some(({ id }) => id === 'k8s_backups'),
    false,
  );
});

test('a wrong schedule is refused with the field and an example of a right value', () => {
  const wrong: readonly [unknown, RegExp][] = [
    [{ automated_backups: { at: '2:00' } }, /"02:00"/],
    [{ automated_backups: { at: '24:00' } }, /"02:00"/],
    [{ automated_backups: { at: 120 } }, /"02:00"/],
    [{ automated_backups: { at: '02:00', every: '6h' } }, /every.*must not stand together with at/],
    [{ automated_backups: { on: 'sunday' } }, /on.*needs the time of the day/],
    [{ automated_backups: { at: '02:00', on: 'domingo' } }, /sunday/],
    [{ automated_backups: { at: '02:00', on: 31 } }, /1 to 28/],
    [{ incremental_backups: { every: '10s' } }, /from 1m to 366d/],
    [{ incremental_backups: { every: 6 } }, /every/],
    [{ incremental_backups: { offset: '1h' } }, /offset.*needs the interval/],
    [{ timeZone: 'Madrid' }, /Europe\/Madrid/],
    [{ timeZone: '+01:00' }, /Europe\/Madrid/],
    [{ automated_backups: { catchUp: '5s' } }, /from 10s to 366d/],
    [{ daily: { at: '02:00' } }, /daily/],
    [{ backup_verification: { readDataPercent: 101 } }, /readDataPercent/],
    [{ security_monitoring: { readDataPercent: 1 } }, /readDataPercent/],
  ];
  for (const [section, message] of wrong) {
    const result = schedulesSchema.safeParse(section);
    const text = result.error?.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
    assert.match(text ?? 'accepted', message, JSON.stringify(section));
  }
});

test('the fingerprint changes with each setting and with its context, and with nothing else', () => {
  const base = one({}, 'automated_backups');
  const same = fingerprint(one({ automated_backups: { at: '02:00' } }, 'automated_backups'), ['queue']);
  assert.equal(fingerprint(base, ['queue']), same);
  const others = [
    fingerprint(base, ['other']),
    ...[{ at: '02:01' }, { jitter: '1s' }, { catchUp: '1h' }, { timeZone: 'Europe/Madrid' }].map((own) =>
      fingerprint(one({ automated_backups: own }, 'automated_backups'), ['queue']),
    ),
  ];
  assert.equal(new Set([same, ...others]).size, 6);
});

test('a time that daylight saving skips or doubles is warned of', () => {
  const from = new Date('2026-11-21T00:00:00Z');
  const warnings = (at: string, timeZone: string) =>
    daylightWarnings(one({ timeZone, automated_backups: { at } }, 'automated_backups'), from);
  assert.deepEqual(
    warnings('02:30', 'Europe/Madrid').map((text) => text.replace(/\. .*/, '')),
    [
      'automated_backups: 02:30 does not exist on 2027-03-28 in Europe/Madrid, where the clocks change',
      'automated_backups: 02:30 comes twice on 2027-10-31 in Europe/Madrid, where the clocks change',
    ],
  );
  assert.deepEqual(warnings('04:00', 'Europe/Madrid'), []);
  assert.deepEqual(warnings('02:30', 'UTC'), []);
  assert.match(warnings('00:30', 'America/Santiago').join(), /comes twice|does not exist/);
  assert.deepEqual(daylightWarnings(one({}, 'incremental_backups'), from), []);
});

test('a repository whose copies have times of their own gets a schedule of its own', () => {
  const section = { repository_copies: { repositories: { archive: { at: '05:00', on: 'sunday' } } } };
  const definitions = scheduleDefinitions(schedulesSchema.parse(section));
  const own = definitions.find(({ id }) => id === 'repository_copies_archive');
  assert.ok(own);
  assert.equal(describeTiming(own), 'every sunday at 05:00, UTC, up to 5m later');
  assert.equal(own.workflowType, 'replicate');
  assert.deepEqual(own.input, { schedule: 'repository_copies_archive', repositories: ['archive'] });
  const general = definitions.find(({ id }) => id === 'repository_copies');
  assert.equal(general && describeTiming(general), 'every 6h, up to 5m later');
});
