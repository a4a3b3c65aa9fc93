import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Notification, NotificationEvent, Severity } from '../../contracts/notifications.ts';
import { decide, type TopicState } from '../../notify/decide.ts';

const hourMs = 3_600_000;
const policy = { reminderAfterMs: 24 * hourMs };
const start = Date.parse('2026-11-21T02:00:00.000Z');

interface Step {
  readonly hours: number;
  readonly severity: Severity | 'ok';
  readonly reason?: string;
  readonly id?: string;
}

/** Plays the events in order, and tells what was told. */
function play(steps: readonly Step[], reminderAfterMs = policy.reminderAfterMs): readonly Notification[] {
  let state: TopicState | undefined;
  return steps.flatMap(({ hours, severity, reason, id }, index) => {
    const event: NotificationEvent = {
      id: id ?? String(index),
      topic: 'backup/shop',
      severity,
      title: 'Backup of shop',
      message: 'text',
      at: new Date(start + hours * hourMs).toISOString(),
      ...(reason === undefined ? {} : { reason }),
    };
    const { next, message } = decide(state, event, { reminderAfterMs });
    state = next;
    return message === undefined ? [] : [message];
  });
}

const kinds = (steps: readonly Step[]) => play(steps).map(({ kind }) => kind);

test('success is silent from the first run on', () => {
  assert.deepEqual(
    kinds([
      { hours: 0, severity: 'ok' },
      { hours: 6, severity: 'ok' },
    ]),
    [],
  );
});

test('trouble is told when it begins and when it ends, and not in between', () => {
  const told = play([
    { hours: 0, severity: 'critical' },
    { hours: 6, severity: 'critical' },
    { hours: 12, severity: 'critical' },
    { hours: 18, severity: 'ok' },
    { hours: 24, severity: 'ok' },
  ]);
  assert.deepEqual(
    told.map(({ kind, severity, occurrences, since }) => [kind, severity, occurrences, since]),
    [
      ['problem', 'critical', 1, '2026-11-21T02:00:00.000Z'],
      ['recovery', 'critical', 3, '2026-11-21T02:00:00.000Z'],
    ],
  );
});

test('trouble that lasts is told again after the reminder time, a little early counts', () => {
  const daily = (hours: number) => ({ hours, severity: 'critical' }) as const;
  assert.deepEqual(kinds([daily(0), daily(12), daily(23.95), daily(36), daily(48)]), [
    'problem',
    'reminder',
    'reminder',
  ]);
  assert.deepEqual(
    play([daily(0), daily(1000)], 0).map(({ kind }) => kind),
    ['problem'],
  );
});

test('trouble that gets worse or changes its reason is news, trouble that gets better is none', () => {
  assert.deepEqual(
    kinds([
      { hours: 0, severity: 'warning', reason: 'freshness' },
      { hours: 1, severity: 'critical', reason: 'freshness' },
      { hours: 2, severity: 'warning', reason: 'freshness' },
      { hours: 3, severity: 'critical', reason: 'freshness' },
      { hours: 4, severity: 'critical', reason: 'WrongKey' },
      { hours: 5, severity: 'ok' },
    ]),
    ['problem', 'worse', 'changed', 'recovery'],
  );
});

test('a recovery has the worst severity that was told, so that it reaches whoever heard of it', () => {
  const told = play([
    { hours: 0, severity: 'critical' },
    { hours: 1, severity: 'warning' },
    { hours: 2, severity: 'ok' },
  ]);
  assert.deepEqual(
    told.map(({ severity }) => severity),
    ['critical', 'critical'],
  );
});

test('an event that is told again, or that comes late, changes nothing', () => {
  assert.deepEqual(
    kinds([
      { hours: 0, severity: 'critical', id: 'run-1' },
      { hours: 0, severity: 'critical', id: 'run-1' },
      { hours: 5, severity: 'ok', id: 'run-2' },
      { hours: 4, severity: 'critical', id: 'run-0' },
      { hours: 6, severity: 'ok', id: 'run-3' },
    ]),
    ['problem', 'recovery'],
  );
});

test('whatever happens, problems and recoveries alternate and each begins with a problem', () => {
  const step = fc.record({
    hours: fc.nat(100),
    severity: fc.constantFrom('ok' as const, 'notice' as const, 'warning' as const, 'critical' as const),
    reason: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const edges = kinds(steps).filter((kind) => kind === 'problem' || kind === 'recovery');
      for (const [index, kind] of edges.entries())
        assert.equal(kind, index % 2 === 0 ? 'problem' : 'recovery');
      if (edges.length === 0) assert.equal(kinds(steps).length, 0);
    }),
  );
});
