import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshnessFindings, freshnessWithin } from '../../policy/freshness.ts';

const now = new Date('2026-11-21T12:00:00Z');

function aged(hours: number, repository = 'main') {
  const time = new Date(now.getTime() - hours * 3_600_000).toISOString();
  return { repository, id: `id-${hours}`, time, paths: ['/'], tags: ['source:shop'] };
}

function level(hours: readonly number[], extra: { since?: string; within?: number } = {}) {
  const limits = extra.within === undefined ? {} : { limits: freshnessWithin(extra.within) };
  const since = extra.since === undefined ? {} : { since: extra.since };
  const source = { source: 'shop', repository: 'main', ...limits, ...since };
  return freshnessFindings(
    [source],
    hours.map((age) => aged(age)),
    now,
  )[0]?.level;
}

test('a daily source may be 24 hours old, is told after 25, and loudly after 26', () => {
  assert.equal(level([24]), 'ok');
  assert.equal(level([24.5]), 'notice');
  assert.equal(level([25.5]), 'warning');
  assert.equal(level([26.5]), 'critical');
});

test('a source that runs every six hours is held to six hours', () => {
  assert.equal(level([6], { within: 6 }), 'ok');
  assert.equal(level([7.5], { within: 6 }), 'warning');
  assert.equal(level([9], { within: 6 }), 'critical');
});

test('the newest snapshot counts, in the repository of the source alone', () => {
  assert.equal(level([100, 2, 50]), 'ok');
  const elsewhere = freshnessFindings([{ source: 'shop', repository: 'main' }], [aged(1, 'copy')], now);
  assert.equal(elsewhere[0]?.level, 'critical');
});

test('a snapshot of the future does not make a source fresh', () => {
  const [finding] = freshnessFindings([{ source: 'shop', repository: 'main' }], [aged(-48)], now);
  assert.equal(finding?.level, 'critical');
  assert.match(finding?.mend ?? '', /clock/);
});

test('a source that was configured an hour ago may have no snapshot yet', () => {
  assert.equal(level([], { since: '2026-11-21T11:00:00Z' }), 'notice');
  assert.equal(level([], { since: '2026-11-19T11:00:00Z' }), 'critical');
  assert.equal(level([]), 'critical');
});

test('the message says how old, and what is allowed', () => {
  const [finding] = freshnessFindings([{ source: 'shop', repository: 'main' }], [aged(27.25)], now);
  assert.equal(finding?.message, 'The newest snapshot of shop in main is 27 h 15 min old; 24 h are allowed.');
  assert.match(finding?.mend ?? '', /resguardo backup shop/);
});
