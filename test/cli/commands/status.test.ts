import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openCatalog } from '../../../catalog/catalog.ts';
import type { Status } from '../../../control/status.ts';
import { finishedRun } from '../../api/running-api.ts';
import { endOf, jsonOf, runCommand, startCommand, temporaryFolder } from '../command-line.ts';

async function setting(t: TestContext, more = '') {
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'resguardo.yaml'),
    `stateDir: state
repositories: {main: {url: repository, password: env:KEY}}
sources: {shop: {kind: postgres, connection: env:SHOP}, etc: {kind: files, paths: [/etc]}}
${more}`,
  );
  const catalog = await openCatalog({ kind: 'sqlite', file: join(folder, 'state', 'catalog.db') });
  t.after(() => catalog.close());
  const options = { cwd: folder, env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } };
  return { folder, catalog, options, run: (...args: readonly string[]) => runCommand(args, options) };
}

test('status tells the last runs, and names what is not well with exit code 1', async (t) => {
  const { run, catalog } = await setting(t);
  const hour = (ago: number) => new Date(Date.now() - ago * 3_600_000).toISOString();
  await catalog.recordRunFinished(finishedRun(1, { startedAt: hour(3), finishedAt: hour(2) }));
  await catalog.recordRunFinished({
    ...finishedRun(2, { startedAt: hour(1), finishedAt: hour(1), status: 'failed' }),
    failure: { type: 'SourceUnreachable', message: 'db1 does not answer' },
  });
  const end = await run('status');
  assert.equal(end.code, 1);
  assert.match(end.stdout, /^shop +postgres +failed, .* 2 h/m);
  assert.match(end.stdout, /shop: the last run failed \(db1 does not answer\); the newest snapshot is 2 h/);
  assert.match(end.stdout, /etc: there is no snapshot yet: resguardo backup etc/);
  assert.match(end.stdout, /Cannot reach Temporal at 127\.0\.0\.1:1/);
  const status = jsonOf(await run('status', '--json')) as Status;
  assert.equal(status.ok, false);
  assert.deepEqual(
    status.sources.map(({ name, level }) => [name, level]),
    [
      ['shop', 'warning'],
      ['etc', 'critical'],
    ],
  );
});

test('health shows what the checks found, the worst first, and how to mend it', async (t) => {
  const { run, catalog } = await setting(t);
  const finding = { check: 'space', evidence: [] };
  await catalog.replaceFindings(
    ['space'],
    [
      { ...finding, subject: '/a', level: 'ok', message: 'There is room.' },
      { ...finding, subject: '/b', level: 'critical', message: 'It is full.', mend: 'Free space.' },
    ],
  );
  const end = await run('health');
  assert.equal(end.code, 1);
  assert.match(end.stdout, /^CRIT {2}space \/b: It is full\.\n {6}-> Free space\.\nok {4}space \/a: /);
});

test('a catalog that cannot be read is a problem that status tells', async (t) => {
  const { run, folder } = await setting(t);
  await writeFile(join(folder, 'blocked'), '');
  const text = 'stateDir: blocked/state\nrepositories: {main: {url: repository, password: env:KEY}}\n';
  await writeFile(join(folder, 'resguardo.yaml'), text);
  const { code, stdout } = await run('status');
  assert.equal(code, 1);
  assert.match(stdout, /Not well:\n {2}Could not open the catalog/);
});

test('the API runs alone until it is stopped, and tells its address', async (t) => {
  const { options } = await setting(t, 'api: {listen: "127.0.0.1:0", key: env:API}\n');
  const env = { ...options.env, API: 'secret of the API' };
  const child = startCommand(['api', '--json'], { ...options, env });
  t.after(() => child.kill('SIGKILL'));
  const ended = endOf(child);
  const line = await new Promise<string>((resolve) => child.stdout?.once('data', resolve));
  const { apiUrl } = JSON.parse(line) as { apiUrl: string };
  assert.equal((await fetch(`${apiUrl}/healthz`)).status, 200);
  const answer = await fetch(`${apiUrl}/api/v1/sources`, { headers: { 'x-api-key': env.API } });
  assert.equal(answer.status, 200);
  child.kill('SIGTERM');
  assert.equal((await ended).code, 0);
});

test('the API refuses to answer other machines without a key', async (t) => {
  const { run } = await setting(t, 'api: {listen: "0.0.0.0:0"}\n');
  const { code, stderr } = await run('api');
  assert.equal(code, 2);
  assert.match(stderr, /must not answer on 0\.0\.0\.0:0 without a key/);
});
