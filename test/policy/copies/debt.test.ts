import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copyDebt, copyDebtFinding, describeCopyDebt } from '../../../policy/copies/debt.ts';
import { dueForCopy } from '../../../policy/copies/due.ts';
import { freshnessWithin } from '../../../policy/freshness.ts';
import { type PlacedSnapshot, snapshotsByPlace } from '../../../policy/placed-snapshot.ts';

const now = new Date('2026-11-26T12:00:00Z');
const place = { source: 'shop', repository: 'main', copyIn: 'offsite', limits: freshnessWithin(24) };

function snapshot(repository: string, time: string): PlacedSnapshot {
  return {
    repository,
    id: `${repository}-${time}`,
    time,
    paths: ['/shop'],
    tags: ['source:shop'],
    storedBytes: 100,
  };
}

function debtOf(originals: readonly string[], copies: readonly string[]) {
  const snapshots = [
    ...originals.map((time) => snapshot('main', time)),
    ...copies.map((time) => snapshot('offsite', time)),
  ];
  return copyDebt(snapshotsByPlace(snapshots), place, now);
}

describe('what is due for a copy', () => {
  test('is all when there is no copy, the oldest first', () => {
    const originals = [{ time: '2026-11-26T02:00:00Z' }, { time: '2026-11-25T02:00:00+01:00' }];
    assert.deepEqual(dueForCopy({ originals, copies: [] }), originals.toReversed());
  });

  test('is not what was forgotten there: only what is newer than the newest copy', () => {
    const originals = ['01', '02', '03', '04'].map((day) => ({ time: `2026-11-${day}T02:00:00Z` }));
    const copies = [{ time: '2026-11-03T02:00:00Z' }];
    assert.deepEqual(dueForCopy({ originals, copies }), [{ time: '2026-11-04T02:00:00Z' }]);
  });
});

describe('the debt of a copy', () => {
  test('is nothing when every snapshot has its copy', () => {
    const debt = debtOf(['2026-11-26T02:00:00Z'], ['2026-11-26T02:00:00Z']);
    assert.deepEqual(debt, {
      source: 'shop',
      repository: 'offsite',
      newestCopyAt: '2026-11-26T02:00:00.000Z',
      snapshots: 0,
      bytes: 0,
    });
    assert.equal(copyDebtFinding(debt, now).level, 'ok');
  });

  test('counts snapshots and bytes, since when, and when the policy is broken', () => {
    const debt = debtOf(
      ['2026-11-24T02:00:00Z', '2026-11-25T02:00:00Z', '2026-11-26T02:00:00Z'],
      ['2026-11-24T02:00:00Z'],
    );
    assert.deepEqual(debt, {
      source: 'shop',
      repository: 'offsite',
      newestCopyAt: '2026-11-24T02:00:00.000Z',
      snapshots: 2,
      bytes: 200,
      since: '2026-11-25T02:00:00.000Z',
      // 24 hours are promised, two of grace, and a day for the line to come back.
      breachAt: '2026-11-26T04:00:00.000Z',
    });
    const { level, message, mend } = copyDebtFinding(debt, now);
    assert.equal(level, 'critical');
    assert.equal(
      message,
      'offsite lacks 2 snapshots of shop, the oldest 34 h old; the policy has been broken for 8 h.',
    );
    assert.match(mend ?? '', /resguardo copy offsite/);
  });

  test('is a notice while copies follow, and a warning shortly before the policy is broken', () => {
    const fresh = debtOf(['2026-11-26T02:00:00Z'], ['2026-11-25T02:00:00Z']);
    assert.equal(copyDebtFinding(fresh, now).level, 'notice');
    assert.match(describeCopyDebt(fresh, now), /in 16 h the policy is broken/);
    const late = debtOf(['2026-11-25T11:00:00Z'], ['2026-11-24T12:00:00Z']);
    assert.equal(copyDebtFinding(late, now).level, 'warning');
  });

  test('begins with the first snapshot when there is no copy at all', () => {
    const { since, breachAt, newestCopyAt } = debtOf(['2026-11-26T02:00:00Z'], []);
    assert.deepEqual(
      [since, breachAt, newestCopyAt],
      ['2026-11-26T02:00:00.000Z', '2026-11-28T04:00:00.000Z', undefined],
    );
  });
});
