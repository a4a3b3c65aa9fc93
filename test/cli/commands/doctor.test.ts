import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CheckResult } from '../../../doctor/check.ts';
import { jsonOf, makeRepository, runCommand, temporaryFolder } from '../command-line.ts';

const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };

/** Runs doctor on a configuration, whose file stands in a folder of its own with a folder `data`. */
async function doctor(
  t: TestContext,
  configuration: (repository: string) => string,
  env: Record<string, string> = {},
) {
  const folder = await temporaryFolder(t);
  const { path, env: access } = await makeRepository(folder);
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'resguardo.yaml'), `stateDir: state\n${configuration(path)}`);
  const end = await runCommand(['doctor', '--json'], { cwd: folder, env: { ...nowhere, ...access, ...env } });
  const results = jsonOf(end) as CheckResult[];
  const of = (check: string, subject: string) =>
    results.find((result) => result.check === check && result.subject.endsWith(subject));
  return { end, folder, results, of };
}

const usable = (repository: string, password = 'env:RESGUARDO_PASSWORD') =>
  `repositories: {main: {url: ${repository}, password: ${password}}}\n`;

test('what is well is said to be well, and Temporal that is away is a failure with its mend', async (t) => {
  const { end, of } = await doctor(
    t,
    (path) => `${usable(path)}sources: {data: {kind: files, paths: [data]}}\n`,
  );
  assert.equal(end.code, 1, end.stderr);
  assert.equal(of('repository', 'main')?.status, 'ok');
  assert.equal(of('source', 'data')?.status, 'ok');
  assert.equal(of('secret', 'env:RESGUARDO_PASSWORD')?.status, 'ok');
  assert.equal(of('machine', 'state')?.status, 'ok');
  const temporal = of('temporal', 'server');
  assert.equal(temporal?.status, 'failure');
  assert.match(temporal.mend ?? '', /resguardo up/);
  assert.match(end.stderr, /\d+ well, \d+ warnings, 1 failures/);
});

test('a wrong key, a missing path and a missing variable are failures that say how to mend them', async (t) => {
  const { of } = await doctor(
    t,
    (path) =>
      `prices: prices.json\n${usable(path, 'env:WRONG')}sources:\n  gone: {kind: files, paths: [nowhere]}\n  db: {kind: postgres, connection: env:NOT_SET}\n`,
    { WRONG: 'another password' },
  );
  for (const [check, subject, mend] of [
    ['repository', 'main', /password or key/],
    ['prices', 'prices.json', /Correct the path/],
    ['source', 'gone', /path/],
    ['source', 'db', /NOT_SET/],
    ['secret', 'env:NOT_SET', /NOT_SET/],
  ] as const) {
    const result = of(check, subject);
    assert.equal(result?.status, 'failure', `${check} ${subject}`);
    assert.match(result.mend ?? '', mend);
  }
});

test('what others can read or change is told', async (t) => {
  const folder = await temporaryFolder(t);
  const { path } = await makeRepository(folder);
  await writeFile(join(folder, 'key'), 'correct horse', { mode: 0o644 });
  await writeFile(join(folder, 'resguardo.yaml'), `stateDir: state\n${usable(path, 'file:key')}`);
  await chmod(join(folder, 'resguardo.yaml'), 0o666);
  const end = await runCommand(['doctor', '--json'], { cwd: folder, env: nowhere });
  const results = jsonOf(end) as CheckResult[];
  const told = results.filter(({ mend }) => mend?.startsWith('chmod'));
  assert.deepEqual(
    told.map(({ check, status }) => [check, status]),
    [
      ['configuration', 'failure'],
      ['secret', 'warning'],
    ],
  );
});

test('a configuration that cannot be read is a failure with its place, and the rest is still looked at', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'resguardo.yaml'), 'repositories: {main: {url: 7}}\n');
  const end = await runCommand(['doctor', '--json'], { cwd: folder, env: nowhere });
  assert.equal(end.code, 2);
  const [configuration, ...others] = jsonOf(end) as CheckResult[];
  assert.equal(configuration?.status, 'failure');
  assert.match(configuration.message, /resguardo\.yaml:1:23: repositories\.main\.url/);
  assert.deepEqual(
    others.map(({ subject }) => subject),
    ['node', 'clock'],
  );
});

test('the program of a hook that is not there is a failure, and no hook is run', async (t) => {
  const hooks = (program: string) => `hooks: {before: [{command: [${program}, /tmp]}]}`;
  const { of } = await doctor(
    t,
    (path) =>
      `${usable(path)}${hooks('echo')}\nsources:\n  data: {kind: files, paths: [data], ${hooks('no-such-freezer')}}\n  far: {kind: files, paths: [data], host: far, ${hooks('not-here')}}\n`,
  );
  assert.match(of('hook', 'data')?.message ?? '', /no-such-freezer of the hook before 1 was not found/);
  assert.equal(of('hook', 'all sources')?.status, 'ok');
  assert.equal(of('hook', 'far'), undefined);
});
