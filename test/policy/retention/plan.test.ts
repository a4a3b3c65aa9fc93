import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retentionClassOf } from '../../../policy/retention/classes.ts';
import { planRetention, type RetentionPolicy } from '../../../policy/retention/plan.ts';

const now = new Date('2026-11-21T12:00:00Z');
const dayMs = 86_400_000;

function snapshot(id: string, ageDays: number, ...tags: string[]) {
  const time = new Date(now.getTime() - ageDays * dayMs).toISOString();
  return { id, time, hostname: 'h', paths: ['/data'], tags: ['source:shop', ...tags] };
}

function removed(snapshots: readonly ReturnType<typeof snapshot>[], policy?: RetentionPolicy): string[] {
  const plan = planRetention({ snapshots, now, ...(policy ? { policyOf: () => policy } : {}) });
  return plan.groups.flatMap((group) => group.remove.map(({ id }) => id));
}

test('without a policy each class lasts its default time', () => {
  const list = [
    snapshot('new', 0.01, 'schedule:automated_backups'),
    snapshot('incremental-kept', 6.9, 'schedule:incremental_backups'),
    snapshot('incremental-gone', 7.1, 'schedule:incremental_backups'),
    snapshot('daily-kept', 29.9, 'schedule:automated_backups'),
    snapshot('daily-gone', 30.1, 'schedule:automated_backups'),
    snapshot('weekly-kept', 83.9, 'schedule:weekly_backups'),
    snapshot('weekly-gone', 84.1, 'schedule:weekly_backups'),
    snapshot('monthly-kept', 89.9, 'schedule:monthly_archive'),
    snapshot('monthly-gone', 90.1, 'schedule:monthly_archive'),
  ];
  assert.deepEqual(removed(list), ['incremental-gone', 'daily-gone', 'weekly-gone', 'monthly-gone']);
});

test('a tag of the class is stronger than the schedule, and the strongest tag counts', () => {
  assert.equal(retentionClassOf({ tags: ['schedule:incremental_backups'] }), 'incremental');
  assert.equal(retentionClassOf({ tags: ['schedule:incremental_backups', 'retention:daily'] }), 'daily');
  assert.equal(retentionClassOf({ tags: ['retention:incremental', 'retention:monthly'] }), 'monthly');
  assert.equal(retentionClassOf({ tags: ['pre-deploy'] }), 'daily');
});

test('a hold keeps a snapshot whatever the rules say', () => {
  const list = [snapshot('new', 0.01), snapshot('held', 400, 'hold'), snapshot('case', 400, 'hold:case-17')];
  assert.deepEqual(removed([...list, snapshot('old', 400)]), ['old']);
});

test('the way back of a restore is kept for its time, whatever the rules say', () => {
  const list = [
    snapshot('new', 0.01),
    snapshot('open', 1, 'safety', 'kept-until:2026-11-21T12:00:00.001Z'),
    snapshot('over', 2, 'safety', 'kept-until:2026-11-21T12:00:00.000Z'),
    snapshot('wrong', 3, 'kept-until:some-day'),
  ];
  assert.deepEqual(removed(list, { keep: { keepLast: 1 } }), ['over', 'wrong']);
});

test('the newest good snapshot stays even when every rule is against it', () => {
  const list = [snapshot('bad', 0.01), snapshot('worse', 1), snapshot('good', 300), snapshot('older', 301)];
  const plan = planRetention({
    snapshots: list,
    now,
    policyOf: () => ({ keep: { keepLast: 1 } }),
    isGood: ({ id }) => id === 'good' || id === 'older',
  });
  assert.deepEqual(
    plan.groups[0]?.keep.map(({ id, reasons }) => [id, reasons]),
    [
      ['bad', ['last snapshot']],
      ['good', ['newest good snapshot']],
    ],
  );
});

test('a source whose backups stopped years ago keeps what it has', () => {
  const list = [
    snapshot('a', 900, 'schedule:automated_backups'),
    snapshot('b', 920, 'schedule:automated_backups'),
  ];
  assert.deepEqual(removed(list), []);
});

test('a policy that keeps nothing is refused, and says how to keep all', () => {
  assert.throws(
    () => removed([snapshot('a', 1)], { keep: { keepLast: 0 } }),
    (error: Error & { advice?: string }) =>
      /keeps nothing/.test(error.message) && /unlimited/.test(error.advice ?? ''),
  );
});

test('what goes is told with its reason', () => {
  const plan = planRetention({ snapshots: [snapshot('new', 0.01), snapshot('old', 40)], now });
  assert.deepEqual(plan.groups[0]?.remove[0]?.reasons, ['daily, older than 30d']);
  assert.equal(plan.removeCount, 1);
  assert.equal(plan.keepCount, 1);
});

test('a burst of new snapshots asks for a person before old ones go', () => {
  const usual = Array.from({ length: 30 }, (_, day) => snapshot(`usual-${day}`, day + 1.5));
  const burst = Array.from({ length: 40 }, (_, index) => snapshot(`burst-${index}`, (index + 1) / 100));
  const policy: RetentionPolicy = { keep: { keepLast: 30 } };
  const quiet = planRetention({ snapshots: usual, now, policyOf: () => ({ keep: { keepLast: 7 } }) });
  assert.equal(quiet.needsConfirmation, false);
  const plan = planRetention({ snapshots: [...usual, ...burst], now, policyOf: () => policy });
  assert.equal(plan.needsConfirmation, true);
  assert.match(plan.groups[0]?.alarms[0] ?? '', /40 snapshots were made in the last 24 hours; 1 a day/);
});

test('a snapshot of the future is an alarm and never the newest good one', () => {
  const list = [snapshot('future', -3650), snapshot('now', 0.01), snapshot('old', 40)];
  const plan = planRetention({ snapshots: list, now, policyOf: () => ({ keep: { keepLast: 1 } }) });
  assert.equal(plan.needsConfirmation, true);
  assert.deepEqual(
    plan.groups[0]?.keep.map(({ id }) => id),
    ['future', 'now'],
  );
});

test('a group without a policy is left alone', () => {
  const foreign = { id: 'f', time: '2020-01-01T00:00:00Z', hostname: 'laptop', paths: ['/home'] };
  const plan = planRetention({
    snapshots: [snapshot('new', 0.01), foreign],
    now,
    policyOf: ({ source }) => (source === undefined ? undefined : {}),
  });
  assert.equal(plan.removeCount, 0);
});
