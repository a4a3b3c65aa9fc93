import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Catalog } from '../../catalog/catalog.ts';
import type { RunFinish, RunStart } from '../../catalog/run-records.ts';
import type { StoredSnapshot } from '../../catalog/snapshot-records.ts';
import type { Finding } from '../../contracts/findings.ts';

/** Opens an empty catalog that is removed after the test. */
export type OpenEmpty = (t: TestContext) => Promise<Catalog>;

export function start(subject: string, runId: string, startedAt: string): RunStart {
  return {
    workflow: 'backupSource',
    workflowId: `backup/${subject}`,
    runId,
    subject,
    kind: 'files',
    host: 'db1',
    repository: 'main',
    schedule: 'automated_backups',
    startedAt,
  };
}

export function finish(run: RunStart, status: RunFinish['status'], finishedAt: string): RunFinish {
  const failure = { type: 'StoreUnavailable', message: 'The bucket is away', advice: 'Wait.' };
  return {
    ...run,
    status,
    finishedAt,
    bytesProcessed: 5_000_000_000_000,
    bytesAdded: 300,
    bytesStored: 100,
    files: 7,
    ...(status === 'failed' ? { failure } : { snapshot: `snapshot-of-${run.runId}` }),
    warnings: [{ subject: '/etc/shadow', message: 'permission denied' }],
    warningCount: 3,
  };
}

export function snapshot(id: string, time: string, ...tags: string[]): StoredSnapshot {
  return { id, time, tree: `tree-${id}`, paths: ['/etc'], hostname: 'db1', tags };
}

export async function* listed(...snapshots: readonly StoredSnapshot[]): AsyncIterable<StoredSnapshot> {
  yield* snapshots;
}

function day(number: number, hour = 2): string {
  return `2026-11-${String(number).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00.000Z`;
}

/** What every catalog does, whatever its database. */
export function catalogBehaves(name: string, openEmpty: OpenEmpty): void {
  test(`${name}: a run is recorded with all that is known of it`, async (t) => {
    const catalog = await openEmpty(t);
    const run = start('etc', 'r1', day(1));
    await catalog.recordRunStarted(run);
    assert.deepEqual(await catalog.lastRuns(), [
      { ...run, status: 'running', warnings: [], warningCount: 0 },
    ]);
    await catalog.recordRunFinished(finish(run, 'failed', day(1, 3)));
    assert.deepEqual(await catalog.lastRuns(), [finish(run, 'failed', day(1, 3))]);
  });

  test(`${name}: recording a run again changes nothing and counts nothing`, async (t) => {
    const catalog = await openEmpty(t);
    const run = start('etc', 'r1', day(1));
    const end = finish(run, 'done', day(1, 3));
    await catalog.recordRunStarted(run);
    await Promise.all(Array.from({ length: 8 }, () => catalog.recordRunFinished(end)));
    await catalog.recordRunStarted(run);
    assert.deepEqual(await catalog.lastRuns(), [end]);
    const [total, ...others] = await catalog.totals();
    assert.deepEqual(others, []);
    assert.equal(total?.runs, 1);
    assert.equal(total?.seconds, 3600);
  });

  test(`${name}: a run whose beginning was not recorded is recorded by its end`, async (t) => {
    const catalog = await openEmpty(t);
    const end = finish(start('etc', 'r1', day(1)), 'partial', day(1, 3));
    await catalog.recordRunFinished(end);
    assert.deepEqual(await catalog.lastGood('etc'), end);
  });

  test(`${name}: a run that ended unseen is a failed one as soon as the next begins`, async (t) => {
    const catalog = await openEmpty(t);
    const lost = start('etc', 'r1', day(1));
    await catalog.recordRunStarted(lost);
    await catalog.recordRunStarted(start('etc', 'r2', day(2)));
    const [first] = await catalog.runsBetween(day(1), day(2));
    assert.equal(first?.status, 'failed');
    assert.match(first?.failure?.message ?? '', /ended without a report/);
    assert.deepEqual(
      (await catalog.totals()).map(({ status, runs }) => [status, runs]),
      [['failed', 1]],
    );
    await catalog.recordRunFinished(finish(lost, 'done', day(1, 4)));
    assert.equal((await catalog.runsBetween(day(1), day(2)))[0]?.status, 'done');
  });

  test(`${name}: the last run and the last good one of each source are found`, async (t) => {
    const catalog = await openEmpty(t);
    for (const [subject, statuses] of [
      ['a', ['done', 'partial', 'failed', 'cancelled']],
      ['b', ['failed']],
      ['c', ['failed', 'done']],
    ] as const) {
      for (const [index, status] of statuses.entries()) {
        const run = start(subject, `${subject}${index}`, day(index + 1));
        await catalog.recordRunFinished(finish(run, status, day(index + 1, 5)));
      }
    }
    const other = { ...start('a', 'v1', day(9)), workflow: 'verification', workflowId: 'verification/a' };
    await catalog.recordRunFinished(finish(other, 'done', day(9, 3)));
    const ids = (runs: Awaited<ReturnType<Catalog['lastRuns']>>) => runs.map(({ runId }) => runId);
    assert.deepEqual(ids(await catalog.lastRuns()), ['a3', 'b0', 'c1']);
    assert.deepEqual(ids(await catalog.lastGoodRuns()), ['a1', 'c1']);
    assert.deepEqual(ids(await catalog.lastRuns('verification')), ['v1']);
    assert.equal((await catalog.lastGood('a'))?.runId, 'a1');
    assert.equal(await catalog.lastGood('b'), undefined);
  });

  test(`${name}: runs come in pages, in both directions, and filtered`, async (t) => {
    const catalog = await openEmpty(t);
    for (let number = 1; number <= 9; number += 1) {
      const run = start(number % 2 === 0 ? 'even' : 'odd', `r${number}`, day(Math.ceil(number / 3)));
      await catalog.recordRunFinished(finish(run, number === 4 ? 'failed' : 'done', day(28)));
    }
    const seen: string[] = [];
    let page = await catalog.runs({}, { newestFirst: true, limit: 2 });
    while (page.length > 0) {
      seen.push(...page.map(({ runId }) => runId));
      const after = page.at(-1);
      assert.ok(after);
      page = await catalog.runs({}, { newestFirst: true, limit: 2, after });
    }
    assert.equal(new Set(seen).size, 9);
    const forwards = (await catalog.runsBetween(day(1), day(30))).map(({ runId }) => runId);
    assert.deepEqual(forwards, seen.toReversed());
    assert.equal((await catalog.runsBetween(day(1), day(2))).length, 3);
    const failed = await catalog.runs({ subject: 'even', status: ['failed'] });
    assert.deepEqual(
      failed.map(({ runId }) => runId),
      ['r4'],
    );
    assert.deepEqual((await catalog.runCounts(day(2))).map(({ status, runs }) => [status, runs]).toSorted(), [
      ['done', 5],
      ['failed', 1],
    ]);
  });

  test(`${name}: old runs can go, but not the newest good one, and totals stay`, async (t) => {
    const catalog = await openEmpty(t);
    const statuses = ['done', 'done', 'failed'] as const;
    for (const [index, status] of statuses.entries()) {
      await catalog.recordRunFinished(finish(start('a', `r${index}`, day(index + 1)), status, day(9)));
    }
    assert.equal(await catalog.pruneRuns(day(20)), 1);
    assert.deepEqual(
      (await catalog.runsBetween(day(1), day(9))).map(({ runId }) => runId),
      ['r1', 'r2'],
    );
    assert.equal((await catalog.totals()).find(({ status }) => status === 'done')?.runs, 2);
  });

  test(`${name}: the snapshots of a repository are those that it lists`, async (t) => {
    const catalog = await openEmpty(t);
    const one = snapshot('1', '2026-11-01T03:00:00.5+01:00', 'source:etc', 'kind:files');
    const two = snapshot('2', day(2), 'source:etc', 'kind:files');
    const first = await catalog.syncSnapshots('main', listed(one, two), new Date(day(3)));
    assert.deepEqual(first, { total: 2, added: 2, removed: [], runsAdded: 0 });
    await catalog.syncSnapshots('copy', listed(one), new Date(day(3)));
    const second = await catalog.syncSnapshots('main', listed(two), new Date(day(4)));
    assert.deepEqual(second, { total: 1, added: 0, removed: ['1'], runsAdded: 0 });
    const [copied] = await catalog.snapshots({ repository: 'copy' });
    assert.equal(copied?.time, one.time);
    assert.equal(copied?.takenAt, '2026-11-01T02:00:00.500Z');
    assert.deepEqual(copied?.tags, one.tags);
    assert.deepEqual(await catalog.snapshotPlaces(), [
      { source: 'etc', repository: 'copy', snapshots: 1, newestAt: '2026-11-01T02:00:00.500Z' },
      { source: 'etc', repository: 'main', snapshots: 1, newestAt: day(2) },
    ]);
  });

  test(`${name}: a listing that began earlier does not remove what a later one saw`, async (t) => {
    const catalog = await openEmpty(t);
    await catalog.syncSnapshots('main', listed(snapshot('new', day(5))), new Date(day(6)));
    const changes = await catalog.syncSnapshots('main', listed(), new Date(day(5)));
    assert.deepEqual(changes.removed, []);
  });

  test(`${name}: a lost history comes back from the tags of the snapshots`, async (t) => {
    const catalog = await openEmpty(t);
    assert.equal(await catalog.needsRebuild(), true);
    const tags = ['source:etc', 'kind:files', 'schedule:automated_backups', 'run:r1'];
    const made = { ...snapshot('1', day(1), ...tags), backupStart: day(1), backupEnd: day(1, 4) };
    const foreign = snapshot('2', day(2), 'someone-else');
    const changes = await catalog.rebuildFromSnapshots('main', listed(made, foreign));
    assert.equal(changes.runsAdded, 1);
    assert.equal((await catalog.rebuildFromSnapshots('copy', listed(made))).runsAdded, 0);
    const run = await catalog.lastGood('etc');
    assert.equal(run?.workflowId, 'backup/etc');
    assert.equal(run?.finishedAt, day(1, 4));
    assert.equal(run?.snapshot, '1');
    await catalog.markRebuilt();
    assert.equal(await catalog.needsRebuild(), false);
  });

  test(`${name}: thousands of snapshots are recorded in one listing`, async (t) => {
    const catalog = await openEmpty(t);
    const many = Array.from({ length: 2500 }, (_, index) =>
      snapshot(
        `${index}`,
        new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(),
        'source:etc',
        `run:r${index}`,
      ),
    );
    const changes = await catalog.rebuildFromSnapshots('main', listed(...many));
    assert.deepEqual([changes.total, changes.added, changes.runsAdded], [2500, 2500, 2500]);
    assert.equal((await catalog.snapshots({ source: 'etc' })).length, 2500);
    assert.equal((await catalog.runsBetween('2026-01-01', '2027-01-01')).length, 2500);
  });

  test(`${name}: of several that want to tell a change, one does`, async (t) => {
    const catalog = await openEmpty(t);
    const failed = { subject: 'source/etc', state: 'failed', since: day(1), reminders: 0, message: 'away' };
    const first = await Promise.all([1, 2, 3].map(() => catalog.replaceNotification(failed, undefined)));
    assert.equal(first.filter(Boolean).length, 1);
    const told = { ...failed, toldAt: day(1, 3) };
    const second = await Promise.all([1, 2, 3].map(() => catalog.replaceNotification(told, failed)));
    assert.equal(second.filter(Boolean).length, 1);
    const reminded = { ...told, reminders: 1 };
    assert.equal(await catalog.replaceNotification(reminded, failed), false);
    assert.equal(await catalog.replaceNotification(reminded, told), true);
    assert.deepEqual(await catalog.notification('source/etc'), reminded);
    assert.deepEqual(await catalog.notifications(), [reminded]);
  });

  test(`${name}: findings replace those of the same checks, and changes of level are told`, async (t) => {
    const catalog = await openEmpty(t);
    const found = (check: string, subject: string, level: Finding['level']): Finding => ({
      check,
      subject,
      level,
      message: 'm',
      evidence: ['e'],
      ...(level === 'ok' ? {} : { mend: 'do' }),
    });
    const first = [
      found('freshness', 'a', 'ok'),
      found('freshness', 'b', 'warning'),
      found('size', 'a', 'ok'),
    ];
    await catalog.replaceFindings(['freshness', 'size'], first, new Date(day(1)));
    const changes = await catalog.replaceFindings(
      ['freshness'],
      [found('freshness', 'a', 'critical'), found('freshness', 'b', 'warning')],
      new Date(day(2)),
    );
    assert.deepEqual(
      changes.map(({ finding, previous }) => [finding.subject, previous]),
      [['a', 'ok']],
    );
    const kept = await catalog.findings();
    assert.deepEqual(
      kept.map(({ check, subject, level, since }) => [check, subject, level, since]),
      [
        ['freshness', 'a', 'critical', day(2)],
        ['freshness', 'b', 'warning', day(1)],
        ['size', 'a', 'ok', day(1)],
      ],
    );
  });

  test(`${name}: sizes of repositories are kept in order`, async (t) => {
    const catalog = await openEmpty(t);
    await catalog.recordRepositorySize({
      repository: 'main',
      measuredAt: day(2),
      storedBytes: 2e15,
      snapshots: 2,
    });
    await catalog.recordRepositorySize({
      repository: 'main',
      measuredAt: day(1),
      storedBytes: 1,
      snapshots: 1,
    });
    assert.deepEqual(
      (await catalog.repositorySizes(day(1))).map(({ storedBytes }) => storedBytes),
      [1, 2e15],
    );
  });

  test(`${name}: a time that is none is refused before it is written`, async (t) => {
    const catalog = await openEmpty(t);
    await assert.rejects(
      catalog.recordRunStarted(start('a', 'r', 'yesterday')),
      /startedAt: "yesterday" is no time/,
    );
    await assert.rejects(catalog.runsBetween('x', day(1)), /from: "x" is no time/);
  });
}
