import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyKeepRules } from '../../../policy/retention/apply.ts';
import { groupSnapshots } from '../../../policy/retention/group.ts';
import { checkKeepRules, type KeepRules, keepsNothing } from '../../../policy/retention/keep-rules.ts';
import { calendarUnit, parseSnapshotTime } from '../../../policy/retention/snapshot-time.ts';

const now = new Date('2026-11-21T12:00:00Z');

function snapshots(...times: string[]) {
  return times.map((time, index) => ({ id: `${index}`.padStart(4, '0'), time, paths: ['/data'] }));
}

function kept(rules: KeepRules, ...times: string[]): Record<string, readonly string[]> {
  const { keep } = applyKeepRules(snapshots(...times), rules, now);
  return Object.fromEntries(keep.map(({ snapshot, reasons }) => [snapshot.time, reasons]));
}

test('of each day the newest snapshot is kept, and the oldest takes a place that is left', () => {
  const result = kept(
    { keepDaily: 3 },
    '2026-11-20T23:00:00Z',
    '2026-11-20T02:00:00Z',
    '2026-11-19T02:00:00Z',
    '2026-11-19T01:00:00Z',
  );
  assert.deepEqual(result, {
    '2026-11-20T23:00:00Z': ['daily snapshot'],
    '2026-11-19T02:00:00Z': ['daily snapshot'],
    '2026-11-19T01:00:00Z': ['oldest daily snapshot'],
  });
});

test('days begin when the clock of the host that wrote the snapshot shows midnight', () => {
  assert.deepEqual(
    Object.keys(kept({ keepDaily: 9 }, '2026-11-20T00:30:00+02:00', '2026-11-19T23:30:00+02:00')),
    ['2026-11-20T00:30:00+02:00', '2026-11-19T23:30:00+02:00'],
  );
});

test('weeks are those of ISO 8601', () => {
  const week = (time: string) => calendarUnit(parseSnapshotTime(time), 'weekly');
  assert.equal(week('2026-01-01T00:00:00Z'), '2026-W01');
  assert.equal(week('2027-01-03T23:59:59Z'), '2026-W53');
  assert.equal(week('2027-01-04T00:00:00Z'), '2027-W01');
  assert.equal(week('2024-12-30T00:00:00Z'), '2025-W01');
});

test('durations reach back from the newest snapshot, not from now', () => {
  const result = kept(
    { keepWithin: '2d' },
    '2026-01-10T02:00:00Z',
    '2026-01-08T02:00:01Z',
    '2026-01-08T02:00:00Z',
  );
  assert.deepEqual(Object.keys(result), ['2026-01-10T02:00:00Z', '2026-01-08T02:00:01Z']);
});

test('a snapshot of the future does not move the start of a duration', () => {
  const result = kept(
    { keepWithin: '7d' },
    '2036-01-01T00:00:00Z',
    '2026-11-20T02:00:00Z',
    '2026-11-01T02:00:00Z',
  );
  assert.deepEqual(Object.keys(result), ['2036-01-01T00:00:00Z', '2026-11-20T02:00:00Z']);
});

test('a month before the last day of a longer month runs over into the next', () => {
  const result = kept(
    { keepWithin: '1m' },
    '2026-03-31T00:00:00Z',
    '2026-03-03T00:00:01Z',
    '2026-03-03T00:00:00Z',
  );
  assert.deepEqual(Object.keys(result), ['2026-03-31T00:00:00Z', '2026-03-03T00:00:01Z']);
});

test('a list of tags asks for all of its tags, and several lists for any of them', () => {
  const tagged = [
    { id: 'a', time: '2026-11-20T00:00:00Z', paths: [], tags: ['x', 'y'] },
    { id: 'b', time: '2026-11-19T00:00:00Z', paths: [], tags: ['x'] },
    { id: 'c', time: '2026-11-18T00:00:00Z', paths: [], tags: ['z'] },
    { id: 'd', time: '2026-11-17T00:00:00Z', paths: [] },
  ];
  const keepIds = (keepTags: string[][]) =>
    applyKeepRules(tagged, { keepTags }, now).keep.map(({ snapshot }) => snapshot.id);
  assert.deepEqual(keepIds([['x', 'y'], ['z']]), ['a', 'c']);
  assert.deepEqual(keepIds([['']]), ['d']);
});

test('nanoseconds decide which of two snapshots is newer', () => {
  const result = kept(
    { keepLast: 1 },
    '2026-11-20T02:00:00.000000001Z',
    '2026-11-20T03:00:00.000000002+01:00',
  );
  assert.deepEqual(Object.keys(result), ['2026-11-20T03:00:00.000000002+01:00']);
});

test('every snapshot is either kept with a reason or removed, and more rules never keep less', () => {
  const time = fc
    .integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2026, 10, 21) })
    .map((ms) => new Date(ms).toISOString());
  const count = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined });
  const rules = fc.record({ keepLast: count, keepDaily: count, keepWeekly: count, keepMonthly: count });
  fc.assert(
    fc.property(fc.array(time, { maxLength: 40 }), rules, rules, (times, one, other) => {
      const defined = (r: object) => Object.fromEntries(Object.entries(r).filter(([, v]) => v !== undefined));
      const list = snapshots(...times);
      const { keep, remove } = applyKeepRules(list, defined(one), now);
      assert.equal(keep.length + remove.length, list.length);
      assert.ok(keep.every(({ reasons }) => reasons.length > 0));
      const more = Object.fromEntries(
        (['keepLast', 'keepDaily', 'keepWeekly', 'keepMonthly'] as const).map((field) => [
          field,
          Math.max(one[field] ?? 0, other[field] ?? 0),
        ]),
      );
      const ids = new Set(applyKeepRules(list, more, now).keep.map(({ snapshot }) => snapshot.id));
      // The place that the oldest snapshot takes moves with the count; all other places stay.
      const regular = keep.filter(({ reasons }) => reasons.some((reason) => !reason.startsWith('oldest')));
      assert.ok(regular.every(({ snapshot }) => ids.has(snapshot.id)));
    }),
  );
});

test('rules that no one can mean are refused by name', () => {
  assert.throws(() => checkKeepRules({ keepDaily: -1 }), /keepDaily is -1/);
  assert.throws(() => checkKeepRules({ keepWithin: '12w' }), /"12w" is not a duration/);
  assert.ok(keepsNothing({ keepLast: 0, keepWithin: '0d', keepTags: [] }));
  assert.ok(!keepsNothing({ keepYearly: 'unlimited' }));
});

test('groups are those of host and paths, whatever the order of the paths', () => {
  const list = [
    { id: 'a', time: '', hostname: 'h', paths: ['/b', '/a'] },
    { id: 'b', time: '', hostname: 'h', paths: ['/a', '/b'] },
    { id: 'c', time: '', hostname: 'i', paths: ['/a', '/b'] },
  ];
  const groups = groupSnapshots(list, ['host', 'paths']);
  assert.deepEqual(
    groups.map((group) => group.snapshots.map(({ id }) => id)),
    [['a', 'b'], ['c']],
  );
  assert.equal(groupSnapshots(list, []).length, 1);
});

test('snapshots of a source form one group even when the source moved to another host', () => {
  const list = [
    { id: 'a', time: '', hostname: 'h', paths: ['/a'], tags: ['source:etc'] },
    { id: 'b', time: '', hostname: 'i', paths: ['/a'], tags: ['source:etc'] },
    { id: 'c', time: '', hostname: 'i', paths: ['/a'] },
  ];
  const groups = groupSnapshots(list, ['source']);
  assert.deepEqual(
    groups.map(({ source, host, snapshots }) => [source, host, snapshots.length]),
    [
      ['etc', undefined, 2],
      [undefined, 'i', 1],
    ],
  );
});
