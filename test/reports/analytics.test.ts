import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../catalog/run-records.ts';
import { type AnalyticsInput, analyse, periodBefore } from '../../reports/analytics.ts';
import { analyticsDocument } from '../../reports/analytics-document.ts';
import { toHtml, toMarkdown } from '../../reports/document.ts';

const now = new Date('2026-11-21T08:00:00Z');
const hourMs = 3_600_000;
const gib = 1024 ** 3;

function run(source: string, hoursAgo: number, changes: Partial<Run> & { minutes?: number } = {}): Run {
  const { minutes = 10, ...fields } = changes;
  const startMs = now.getTime() - hoursAgo * hourMs;
  return {
    workflow: 'backupSource',
    workflowId: `backup/${source}`,
    runId: `${source}-${hoursAgo}`,
    subject: source,
    kind: 'postgres',
    repository: 'main',
    status: 'done',
    startedAt: new Date(startMs).toISOString(),
    finishedAt: new Date(startMs + minutes * 60_000).toISOString(),
    bytesProcessed: 10 * gib,
    bytesAdded: gib,
    bytesStored: gib / 4,
    warnings: [],
    warningCount: 0,
    ...fields,
  };
}

function failed(source: string, hoursAgo: number, type = 'StoreUnavailable'): Run {
  const { bytesProcessed: _, bytesAdded: __, bytesStored: ___, ...rest } = run(source, hoursAgo);
  return {
    ...rest,
    status: 'failed',
    failure: { type, message: `It | failed <b>${hoursAgo}`, advice: 'Wait.' },
  };
}

function report(changes: Partial<AnalyticsInput> = {}) {
  return analyse({
    period: periodBefore('daily', now),
    generatedAt: now.toISOString(),
    runs: [],
    sources: [],
    sizes: [],
    disks: {},
    findings: [],
    ...changes,
  });
}

test('the runs of the period are counted, beside those of the period before', () => {
  const { totals, previous } = report({
    runs: [
      run('a', 1),
      run('a', 23, { status: 'partial' }),
      failed('b', 5),
      run('b', 4, { status: 'cancelled' }),
      run('c', 0.5, { status: 'running' }),
      failed('a', 25),
      run('a', 100),
    ],
  });
  const { runs, done, partial, failed: failures, cancelled } = totals;
  assert.deepEqual([runs, done, partial, failures, cancelled], [4, 1, 1, 1, 1]);
  assert.equal(totals.successRate, 2 / 3);
  assert.deepEqual([previous.runs, previous.failed], [1, 1]);
});

test('ratios are those of bytes read, new and stored', () => {
  const { totals } = report({ runs: [run('a', 1)] });
  assert.equal(totals.dedupRatio, 10);
  assert.equal(totals.compressionRatio, 4);
  assert.equal(
    report({ runs: [run('a', 1, { bytesAdded: 0, bytesStored: 0 })] }).totals.dedupRatio,
    undefined,
  );
});

test('a configured source without a run stands out', () => {
  const { sources, observations } = report({ sources: [{ source: 'etc', kind: 'files' }] });
  assert.equal(sources[0]?.totals.runs, 0);
  assert.deepEqual(observations, ['etc had no backup run.']);
});

test('failures of one kind are one line, with the last message and its advice', () => {
  const { failures } = report({
    runs: [failed('a', 1), failed('a', 3), failed('a', 2, 'StorageFull'), failed('b', 1)],
  });
  assert.deepEqual(
    failures.map(({ subject, type, runs }) => [subject, type, runs]),
    [
      ['a', 'StoreUnavailable', 2],
      ['a', 'StorageFull', 1],
      ['b', 'StoreUnavailable', 1],
    ],
  );
  assert.match(failures[0]?.message ?? '', /<b>1$/);
});

test('a source that takes much longer than usual, or changed much in size, stands out', () => {
  const before = [30, 54, 78, 102].map((hours) => run('shop', hours));
  const { observations } = report({
    runs: [...before, run('shop', 2, { minutes: 45, bytesProcessed: 15 * gib })],
  });
  assert.deepEqual(observations, [
    'shop took 45 min; 10 min are usual.',
    'shop grew by 5 GiB (50 %) to 15 GiB.',
  ]);
  assert.deepEqual(report({ runs: [...before, run('shop', 2, { minutes: 12 })] }).observations, []);
});

test('days are those of the time zone', () => {
  const runs = [run('a', 4), run('a', 2)];
  const { days } = report({ runs, timeZone: 'America/New_York' });
  assert.deepEqual(
    days.map(({ day, totals }) => [day, totals.runs]),
    [
      ['2026-11-20', 1],
      ['2026-11-21', 1],
    ],
  );
});

test('a disk that will be full soon stands out, with the earliest and the expected day', () => {
  const sizes = Array.from({ length: 30 }, (_, day) => ({
    repository: 'main',
    measuredAt: new Date(now.getTime() - (30 - day) * 24 * hourMs).toISOString(),
    storedBytes: (100 + day) * gib,
    snapshots: day,
  }));
  const disks = { main: { path: '/srv', totalBytes: 200 * gib, freeBytes: 21 * gib } };
  const { repositories, observations } = report({ sizes, disks });
  assert.equal(repositories[0]?.storedBytes, 129 * gib);
  assert.equal(repositories[0]?.forecast?.fullAt?.slice(0, 10), '2026-12-12');
  assert.match(observations[0] ?? '', /can be full on 2026-12-1\d, and is expected to be on 2026-12-12/);
});

test('a repository that nobody measured is estimated from what runs stored', () => {
  const runs = Array.from({ length: 20 }, (_, day) => run('a', 1 + 24 * day));
  const { repositories } = report({ runs });
  assert.equal(repositories[0]?.storedBytes, 5 * gib);
  assert.ok(repositories[0]?.forecast);
});

test('the report of an empty history is one that can be read', () => {
  const markdown = toMarkdown(analyticsDocument(report()));
  assert.match(markdown, /^# Backups of the last day\n\n2026\\?-11/);
  assert.match(markdown, /No backup ran\./);
  assert.doesNotMatch(markdown, /NaN|undefined|Infinity/);
});

test('Markdown and HTML hold the same, and nothing in a message becomes a tag, a link or a column', () => {
  const finding = {
    check: 'freshness',
    subject: 'etc',
    level: 'critical' as const,
    message: 'Old <script>alert(1)</script> [x](http://x) | y',
    evidence: [],
    mend: 'Run it.',
    since: '2026-11-20T00:00:00Z',
    checkedAt: '2026-11-21T00:00:00Z',
  };
  const document = analyticsDocument(
    report({ runs: [run('a', 1), failed('b', 2)], findings: [finding], period: periodBefore('weekly', now) }),
  );
  const html = toHtml(document);
  assert.doesNotMatch(html, /<script|<b>/);
  assert.match(html, /&lt;script&gt;/);
  assert.doesNotMatch(html, /(src|href)=/);
  const markdown = toMarkdown(document);
  assert.doesNotMatch(markdown, /[^\\]<script|[^\\]\[x\]/);
  const tables = markdown.split('\n\n').filter((block) => block.startsWith('|'));
  for (const table of tables) {
    const widths = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
    assert.equal(new Set(widths).size, 1, table);
  }
  for (const text of ['Sources', 'Failures', 'Findings'])
    assert.ok(html.includes(text) && markdown.includes(text));
});
