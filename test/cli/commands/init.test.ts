import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { jsonOf, makeRepository, runCommand, temporaryFolder } from '../command-line.ts';

async function home(t: TestContext) {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'home', 'letter'), 'x');
  return { folder, env: { HOME: join(folder, 'home') } };
}

test('init writes a configuration, a key, a sheet and a repository that fit together', async (t) => {
  const { folder, env } = await home(t);
  const end = await runCommand(['init', '--repo', 'repository', '--json'], { cwd: folder, env });
  assert.equal(end.code, 0, end.stderr);
  const written = jsonOf(end) as { configurationFile: string; keyFile: string; sheetFile: string };
  for (const file of [written.keyFile, written.sheetFile])
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  const snapshots = await runCommand(['snapshots', '--json'], { cwd: folder, env });
  assert.equal(snapshots.code, 0, snapshots.stderr);
  assert.deepEqual(jsonOf(snapshots), []);
  const password = await readFile(written.keyFile, 'utf8');
  assert.equal(`${end.stdout}${end.stderr}`.includes(password.trim()), false, 'the key is not shown');
});

test('a second init touches nothing', async (t) => {
  const { folder, env } = await home(t);
  await runCommand(['init', '--repo', 'repository'], { cwd: folder, env });
  const before = await readFile(join(folder, 'resguardo.yaml'), 'utf8');
  const end = await runCommand(['init', '--repo', 'elsewhere'], { cwd: folder, env });
  assert.equal(end.code, 1);
  assert.match(end.stderr, /resguardo\.yaml is there already/);
  assert.equal(await readFile(join(folder, 'resguardo.yaml'), 'utf8'), before);
  assert.equal((await readdir(folder)).includes('elsewhere'), false);
});

test('a dry run shows the configuration and writes nothing', async (t) => {
  const { folder, env } = await home(t);
  const end = await runCommand(['init', '--dry-run'], { cwd: folder, env });
  assert.equal(end.code, 0, end.stderr);
  assert.match(end.stdout, /^repositories:\n {2}main:/m);
  assert.deepEqual(await readdir(folder), ['home']);
});

test('a repository of restic that the environment names is used, and opens with its password', async (t) => {
  const { folder, env } = await home(t);
  const { path } = await makeRepository(folder);
  const restic = { RESTIC_REPOSITORY: path, RESTIC_PASSWORD: 'correct horse' };
  const end = await runCommand(['init'], { cwd: folder, env: { ...env, ...restic } });
  assert.equal(end.code, 0, end.stderr);
  assert.equal((await readdir(folder)).includes('resguardo.key'), false);
  const { RESTIC_PASSWORD: _, ...wrong } = restic;
  const again = await home(t);
  const refused = await runCommand(['init'], {
    cwd: again.folder,
    env: { ...again.env, ...wrong, RESTIC_PASSWORD: 'another' },
  });
  assert.equal(refused.code, 12, refused.stderr);
  assert.equal((await readdir(again.folder)).includes('resguardo.yaml'), false);
});
