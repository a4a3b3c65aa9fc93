import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../../contracts/activities.ts';
import { findingEvent, runEvent } from '../../notify/events.ts';
import { pingChecks } from '../../notify/ping.ts';
import { render, renderText } from '../../notify/render.ts';
import { Secret } from '../../secrets/secret.ts';
import { startEndpoint } from '../http/server.ts';

const report: RunReport = {
  workflow: 'backupSource',
  workflowId: 'backup/shop',
  runId: '0a1b',
  subject: 'shop',
  status: 'failed',
  startedAt: '2026-11-21T02:00:00.000Z',
  finishedAt: '2026-11-21T02:03:04.000Z',
  message: 'Cannot connect to db1:5432: the connection is refused',
  advice: 'Check that the server runs.',
  failure: 'SourceUnreachable',
};

test('a failed run is told with what failed, why, what to do and a command to copy', () => {
  const event = runEvent(report);
  assert.ok(event);
  const since = '2026-11-20T02:03:04.000Z';
  const rendered = render({ ...event, kind: 'reminder', severity: 'critical', since, occurrences: 4 });
  assert.equal(rendered.subject, '[Resguardo] STILL FAILING: Backup of shop');
  assert.equal(
    renderText(rendered),
    `Cannot connect to db1:5432: the connection is refused

What to do: Check that the server runs.

    resguardo backup shop

Since: 2026-11-20 02:03 UTC, for 24 h, seen 4 times
Run: backup/shop
Run id: 0a1b
Topic: backup/shop
`,
  );
});

test('how a run ended is how severe it is, and a cancelled run is told nobody', () => {
  const severityOf = (status: RunReport['status']) => runEvent({ ...report, status })?.severity;
  assert.deepEqual(
    [severityOf('done'), severityOf('partial'), severityOf('failed'), severityOf('cancelled')],
    ['ok', 'warning', 'critical', undefined],
  );
});

test('a recovery says how long the trouble lasted and gives no advice', () => {
  const event = runEvent({ ...report, status: 'done' });
  assert.ok(event);
  const since = '2026-11-21T00:03:04.000Z';
  const rendered = render({ ...event, kind: 'recovery', severity: 'critical', since, occurrences: 3 });
  assert.equal(rendered.subject, '[Resguardo] RECOVERED: Backup of shop');
  assert.equal(rendered.advice, undefined);
  assert.deepEqual(rendered.facts.slice(0, 2), [
    ['Recovered', '2026-11-21 02:03 UTC'],
    ['Trouble since', '2026-11-21 00:03 UTC, for 2 h, seen 3 times'],
  ]);
});

test('a finding is told by its check and subject', () => {
  const finding = {
    check: 'freshness',
    subject: 'shop',
    level: 'warning',
    message: 'The newest snapshot of shop in main is 25 h 10 min old; 24 h are allowed.',
    evidence: [],
    mend: 'Run `resguardo backup shop`.',
  } as const;
  const event = findingEvent(finding, '2026-11-21T03:10:00.000Z');
  assert.deepEqual([event.topic, event.severity, event.advice], ['freshness/shop', 'warning', finding.mend]);
});

test('text from outside can neither forge a line of the subject nor colour a terminal', () => {
  const event = runEvent({ ...report, subject: 'x\r\nBcc: a@b.c', message: '\x1b[31mred\u202etxt' });
  assert.ok(event);
  const rendered = render({
    ...event,
    kind: 'problem',
    severity: 'critical',
    since: event.at,
    occurrences: 1,
  });
  assert.equal(rendered.subject, '[Resguardo] FAILED: Backup of x Bcc: a@b.c');
  assert.equal(rendered.message, ' [31mred txt');
});

test('a check is pinged at the start, on success and on failure of what it watches', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 200, body: 'OK' }));
  const pings = {
    nightly: { url: 'env:HC', of: ['automated_backups'] },
    other: { url: 'env:HC', of: ['etc'] },
  };
  const dependencies = {
    resolve: async () => new Secret(`${endpoint.url}/ping/5ecret-uuid/`),
    signal: new AbortController().signal,
  };
  for (const state of ['start', 'success', 'fail'] as const) {
    const run = { names: ['shop', 'automated_backups'], state, runId: '0a1b', message: 'text' };
    await pingChecks({ pings }, run, dependencies);
  }
  assert.deepEqual(
    endpoint.received.map(({ path, body }) => [path, body]),
    ['/start', '', '/fail'].map((suffix) => [`/ping/5ecret-uuid${suffix}?rid=0a1b`, 'text']),
  );
});

test('a check that does not answer is named without its address', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 503 }));
  const attempt = pingChecks(
    { pings: { nightly: { url: 'env:HC', of: ['shop'] } } },
    { names: ['shop'], state: 'success', runId: '0a1b' },
    { resolve: async () => new Secret(`${endpoint.url}/5ecret`), signal: new AbortController().signal },
  );
  await assert.rejects(attempt, {
    type: 'NotificationUnavailable',
    message: /^ping nightly: 127[^/]*answers 503$/,
  });
});
