import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AuditEntry } from '../../../audit/entry.ts';
import type { AuditVerification } from '../../../audit/verify.ts';
import { openCatalog } from '../../../catalog/catalog.ts';
import { jsonOf, runCommand, temporaryFolder } from '../command-line.ts';

async function setting(t: TestContext) {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data', 'file'), 'content');
  await writeFile(
    join(folder, 'resguardo.yaml'),
    'stateDir: state\nrepositories: {main: {url: repository, password: env:KEY}}\nsources: {data: {kind: files, paths: [data]}}\n',
  );
  const env = { KEY: 'correct horse', TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const run = (...args: readonly string[]) => runCommand(args, { cwd: folder, env });
  const entries = async () => jsonOf(await run('audit', 'show', '--json')) as readonly AuditEntry[];
  return { folder, run, entries };
}

test('commands that change something leave entries of their beginning and their end', async (t) => {
  const { run, entries, folder } = await setting(t);
  assert.equal((await run('repo', 'init')).code, 0);
  assert.equal((await run('repo', 'backup', join(folder, 'data'), '--repository', 'main')).code, 0);
  assert.equal((await run('repo', 'unlock', '--remove-all')).code, 0);
  assert.equal((await run('repo', 'restore', 'latest', '--target', 'restored')).code, 0);
  assert.equal((await run('backup', 'data')).code, 1);
  assert.equal((await run('backup', 'nothing')).code, 2);
  assert.equal((await run('snapshots')).code, 0);
  const found = [...(await entries())].reverse();
  assert.deepEqual(
    found.map(({ action, subject, outcome }) => `${action} ${subject} ${outcome}`),
    [
      'repo.init (default repository) started',
      'repo.init (default repository) done',
      'repo.backup main started',
      'repo.backup main done',
      'repo.unlock (default repository) started',
      'repo.unlock (default repository) done',
      'repo.restore (default repository) started',
      'repo.restore (default repository) done',
      'backup data started',
      'backup data failed',
      'backup nothing started',
      'backup nothing refused',
    ],
  );
  const by = `${userInfo().username}@${hostname()}`;
  assert.ok(found.every(({ origin, actor }) => origin === 'cli' && actor === by));
  assert.equal(found[9]?.detail.failure, 'TemporalUnavailable');
  assert.equal(JSON.stringify(found).includes('correct horse'), false);
});

test('the log is shown, verified and exported, and a change in it is found with exit code 4', async (t) => {
  const { run, folder } = await setting(t);
  await run('repo', 'init');
  await run('repo', 'unlock');
  const shown = await run('audit', 'show', '--action', 'repo.unlock');
  assert.match(shown.stdout, /repo\.unlock +\(default repository\) +done +/);
  assert.doesNotMatch(shown.stdout, /repo\.init/);
  const whole = await run('audit', 'verify');
  assert.match(whole.stdout, /^4 entries, all as written\nThe last is 4:[0-9a-f]{64}\n$/);
  const anchor = /4:[0-9a-f]{64}/.exec(whole.stdout)?.[0] ?? '';
  assert.equal((await run('audit', 'export', '--out', 'audit.jsonl')).code, 0);
  assert.equal((await run('audit', 'export', '--out', 'audit.jsonl')).code, 1);
  const exported = await run('audit', 'verify', '--file', 'audit.jsonl', '--anchor', anchor, '--json');
  assert.equal((jsonOf(exported) as AuditVerification).entries, 4);
  const text = await readFile(join(folder, 'audit.jsonl'), 'utf8');
  assert.equal((await run('audit', 'export')).stdout, text);
  await writeFile(join(folder, 'changed.jsonl'), text.replace('"repo.unlock"', '"repo.stats"'));
  const changed = await run('audit', 'verify', '--file', 'changed.jsonl');
  assert.equal(changed.code, 4);
  assert.match(changed.stderr, /broken at entry 3: its content is not what was written/);
  const catalog = await openCatalog({ kind: 'sqlite', file: join(folder, 'state', 'catalog.db') });
  t.after(() => catalog.close());
  await catalog.database.write('test', (database) =>
    database.updateTable('auditHead').set({ sequence: 5 }).execute(),
  );
  assert.equal((await run('audit', 'verify')).code, 4);
});

test('a log that cannot be written is warned of, and stops no restore', async (t) => {
  const { run, folder } = await setting(t);
  await run('repo', 'init');
  await run('repo', 'backup', join(folder, 'data'));
  await writeFile(join(folder, 'blocked'), '');
  const text = await readFile(join(folder, 'resguardo.yaml'), 'utf8');
  await writeFile(join(folder, 'resguardo.yaml'), text.replace('stateDir: state', 'stateDir: blocked/state'));
  const restored = await run('repo', 'restore', 'latest', '--target', 'restored');
  assert.equal(restored.code, 0);
  assert.match(restored.stderr, /warning: this is missing in the audit log: .*blocked/);
  assert.equal(await readFile(join(folder, 'restored', folder, 'data', 'file'), 'utf8'), 'content');
});

test('wrong usage of the log is told with the right one', async (t) => {
  const { run } = await setting(t);
  for (const [args, message] of [
    [['show', '--limit', 'x'], /whole number/],
    [['verify', '--anchor', '12'], /a number and a hash/],
    [['verify', '--file', 'none.jsonl'], /Cannot read the export: ENOENT/],
    [[], /a command is missing/],
  ] as const) {
    const end = await run('audit', ...args);
    assert.equal(end.code, 2, args.join(' '));
    assert.match(end.stderr, message);
  }
});
