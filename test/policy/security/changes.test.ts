import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingLevel } from '../../../contracts/findings.ts';
import {
  type Comparison,
  compareLooks,
  type LookContext,
  type RepositoryView,
  type SeenSnapshot,
} from '../../../policy/security/changes.ts';

const start = Date.parse('2026-11-21T08:00:00Z');
const hourMs = 3_600_000;
const hexId = (number: number): string => number.toString(16).padStart(64, '0');
const key = (number: number) => ({
  id: hexId(number),
  hostname: 'db1',
  username: 'root',
  created: '2026-11-01T00:00:00Z',
});
const snapshot = (number: number): SeenSnapshot => ({
  id: hexId(number),
  time: '2026-11-20T02:00:00Z',
  tags: ['source:shop'],
});
const view = (keys: number, snapshots: readonly number[], id = 'a'): RepositoryView => ({
  id: id.repeat(64),
  keys: Array.from({ length: keys }, (_, number) => key(number)),
  snapshots: snapshots.map(snapshot),
});

/** Looks at each view in turn, an hour apart. */
function looks(views: readonly RepositoryView[], context: Partial<LookContext> = {}) {
  let before: Comparison<SeenSnapshot> | undefined;
  for (const [index, seen] of views.entries()) {
    const now = new Date(start + index * hourMs);
    before = compareLooks(before?.next, seen, {
      repository: 'main',
      now,
      isForgotten: () => false,
      ...context,
    });
  }
  assert.ok(before);
  return before;
}

function levels({ findings }: Comparison<SeenSnapshot>): Readonly<Record<string, FindingLevel>> {
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]));
}

const allWell = { identity: 'ok', keys: 'ok', snapshots: 'ok' } as const;

test('the first look believes what it sees', () => {
  assert.deepEqual(levels(looks([view(3, [1, 2])])), allWell);
});

test('new snapshots are no finding', () => {
  assert.deepEqual(levels(looks([view(1, [1]), view(1, [1, 2, 3])])), allWell);
});

test('a key that was added is critical, and names who made it', () => {
  const compared = looks([view(1, [1]), view(2, [1])]);
  assert.deepEqual(levels(compared), { ...allWell, keys: 'critical' });
  const message = compared.findings.find(({ check }) => check === 'keys')?.message ?? '';
  assert.match(message, /1 new key.*00000000 of root@db1, made 2026-11-01/);
});

test('a key that goes again is well', () => {
  assert.deepEqual(levels(looks([view(1, [1]), view(2, [1]), view(1, [1])])), allWell);
});

test('a snapshot that is gone is a warning, and more than half of them are critical', () => {
  const many = [1, 2, 3, 4, 5, 6];
  assert.equal(levels(looks([view(1, many), view(1, [1, 2, 3, 4, 5])])).snapshots, 'warning');
  assert.equal(levels(looks([view(1, many), view(1, [1, 2])])).snapshots, 'critical');
});

test('a snapshot that comes back was not gone', () => {
  assert.deepEqual(levels(looks([view(1, [1, 2]), view(1, [1]), view(1, [1, 2])])), allWell);
});

test('what Resguardo itself has removed is no finding', () => {
  const isForgotten = (id: string): boolean => !view(1, [1]).snapshots.some((kept) => kept.id === id);
  assert.deepEqual(levels(looks([view(1, [1, 2]), view(1, [1])], { isForgotten })), allWell);
});

test('another repository at the same place is critical, and its own snapshots are not missed', () => {
  const compared = looks([view(1, [1, 2]), view(1, [], 'b'), view(1, [7], 'b')]);
  assert.deepEqual(levels(compared), { ...allWell, identity: 'critical' });
});

test('a change is told for a day, and belongs to what is known after that', () => {
  const after = (count: number) => [view(1, [1, 2]), ...Array.from({ length: count }, () => view(2, [1]))];
  assert.deepEqual(levels(looks(after(24))), { ...allWell, keys: 'critical', snapshots: 'warning' });
  assert.deepEqual(levels(looks(after(25))), allWell);
});
