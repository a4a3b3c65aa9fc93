import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import type { AuditEvent } from '../../audit/entry.ts';
import { verifyLines } from '../../audit/export.ts';
import { AuditLog } from '../../audit/log.ts';
import { auditFailure } from '../../audit/verify.ts';
import type { Catalog } from '../../catalog/catalog.ts';

/** Opens an empty catalog; `unlock` takes away what keeps the log append-only. */
export type OpenEmpty = (t: TestContext) => Promise<{ readonly catalog: Catalog; unlock(): Promise<void> }>;

export function event(subject: string, changes: Partial<AuditEvent> = {}): AuditEvent {
  return { origin: 'cli', actor: 'root@db1', action: 'backup.start', subject, outcome: 'done', ...changes };
}

async function logOf(open: OpenEmpty, t: TestContext, entries: number) {
  const { catalog, unlock } = await open(t);
  const log = new AuditLog(catalog.database);
  for (let index = 1; index <= entries; index += 1) {
    await log.append(event(`source-${index}`, { detail: { index, dryRun: false } }));
  }
  const run = (statement: string) => catalog.database.write('test', (db) => sql.raw(statement).execute(db));
  return { log, catalog, unlock, run };
}

/** What the audit log does, whatever its database. */
export function auditLogBehaves(name: string, open: OpenEmpty): void {
  test(`${name}: entries form a chain that verifies`, async (t) => {
    const { log } = await logOf(open, t, 3);
    const verified = await log.verify();
    assert.equal(verified.entries, 3);
    assert.equal(verified.broken, undefined);
    const entries = await log.entries();
    assert.deepEqual(
      entries.map(({ sequence, subject }) => [sequence, subject]),
      [
        [3, 'source-3'],
        [2, 'source-2'],
        [1, 'source-1'],
      ],
    );
    assert.equal(entries[0]?.previous, entries[1]?.hash);
    assert.deepEqual(entries[0]?.detail, { index: 3, dryRun: false });
    assert.deepEqual(verified.last, { sequence: 3, hash: entries[0]?.hash });
  });

  test(`${name}: appends at once make one chain without a gap`, async (t) => {
    const { log } = await logOf(open, t, 0);
    await Promise.all(Array.from({ length: 40 }, (_, index) => log.append(event(`s${index}`))));
    assert.deepEqual(await log.verify().then(({ entries, broken }) => [entries, broken]), [40, undefined]);
  });

  test(`${name}: the database refuses to change or remove entries`, async (t) => {
    const { log, run } = await logOf(open, t, 2);
    await assert.rejects(run(`update audit_log set actor = 'someone else'`), /append-only/);
    await assert.rejects(run('delete from audit_log'), /append-only/);
    assert.equal((await log.verify()).broken, undefined);
  });

  for (const [change, statement, sequence, reason] of [
    ['a changed entry', `update audit_log set actor = 'nobody' where sequence = 4`, 4, /content is not what/],
    ['a removed entry', 'delete from audit_log where sequence = 4', 4, /entries 4 to 4 are missing/],
    ['a removed end', 'delete from audit_log where sequence > 5', 6, /ends before entry 6/],
    ['a removed beginning', 'delete from audit_log where sequence < 3', 1, /entries 1 to 2 are missing/],
    ['a changed detail', `update audit_log set detail = '{"index":4}' where sequence = 4`, 4, /content/],
    ['a detail that is no JSON', `update audit_log set detail = 'x' where sequence = 4`, 4, /content/],
  ] as const) {
    test(`${name}: ${change} is named`, async (t) => {
      const { log, run, unlock } = await logOf(open, t, 6);
      await unlock();
      await run(statement);
      const verified = await log.verify();
      assert.equal(verified.broken?.sequence, sequence);
      assert.match(verified.broken?.reason ?? '', reason);
      assert.match(auditFailure(verified, 'x')?.message ?? '', new RegExp(`broken at entry ${sequence}`));
    });
  }

  test(`${name}: a log that was rewritten as a whole does not match an anchor kept elsewhere`, async (t) => {
    const { log, run, unlock } = await logOf(open, t, 4);
    const { last: anchor } = await log.verify();
    assert.ok(anchor);
    await log.append(event('later'));
    assert.equal((await log.verify({ anchor })).broken, undefined);
    await unlock();
    await run('delete from audit_log');
    await run(`update audit_head set sequence = 0, hash = '${'0'.repeat(64)}'`);
    for (let index = 0; index < 5; index += 1) await log.append(event('forged'));
    assert.equal((await log.verify()).broken, undefined);
    assert.match((await log.verify({ anchor })).broken?.reason ?? '', /not the entry that stood here/);
  });

  test(`${name}: an export verifies by itself, and shows what was changed in it`, async (t) => {
    const { log } = await logOf(open, t, 5);
    const lines = await Array.fromAsync(log.exportLines());
    const exported = await verifyLines(lines);
    assert.deepEqual(exported, await log.verify());
    const changed = lines.with(2, (lines[2] ?? '').replace('source-3', 'source-9'));
    assert.equal((await verifyLines(changed)).broken?.sequence, 3);
    assert.equal((await verifyLines(lines.toSpliced(1, 1))).broken?.sequence, 2);
    assert.equal((await verifyLines(lines.with(3, '{"sequence":4}'))).broken?.sequence, 4);
    assert.match((await verifyLines(lines.with(3, 'cut off')))?.broken?.reason ?? '', /line 4 is no entry/);
    if (exported.last) assert.equal((await log.verify({ anchor: exported.last })).broken, undefined);
  });

  test(`${name}: texts that a database would change are stored so that they verify`, async (t) => {
    const { log } = await logOf(open, t, 0);
    const odd = [
      'nul \0 nul',
      'half \ud800 pair',
      'é vs e\u0301',
      '漢字 🗄',
      'quote \' " \\ \n',
      'x'.repeat(5000),
    ];
    for (const text of odd) await log.append(event(text, { detail: { text } }));
    assert.equal((await log.verify()).broken, undefined);
  });

  test(`${name}: the log is read in pages and by subject`, async (t) => {
    const { log } = await logOf(open, t, 7);
    const page = await log.entries({ limit: 3, before: 6 });
    assert.deepEqual(
      page.map(({ sequence }) => sequence),
      [5, 4, 3],
    );
    assert.equal((await log.entries({ subject: 'source-2' })).length, 1);
  });
}
