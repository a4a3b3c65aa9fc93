import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Repository } from '../../../repository/repository.ts';
import { Secret } from '../../../secrets/secret.ts';
import { openLocalStore } from '../../../stores/local.ts';
import {
  endOf,
  jsonLinesOf,
  jsonOf,
  makeRepository,
  runCommand,
  startCommand,
  temporaryFolder,
} from '../command-line.ts';

test('where no repository is, the exit code is 10, and the advice names the mend', async (t) => {
  const folder = await temporaryFolder(t);
  const env = { RESGUARDO_PASSWORD: 'x' };
  const { code, stdout, stderr } = await runCommand(['repo', 'snapshots', '--repo', join(folder, 'none')], {
    env,
  });
  assert.equal(code, 10);
  assert.equal(stdout, '');
  assert.match(stderr, /^resguardo: There is no repository at .*none.*\n {2}.*repo init/);
  assert.doesNotMatch(stderr, /at .*\.ts:\d+/, 'no stack');
});

test('a wrong password ends with exit code 12, and with --json an error document', async (t) => {
  const { env } = await makeRepository(await temporaryFolder(t));
  const end = await runCommand(['repo', 'snapshots', '--json'], {
    env: { ...env, RESGUARDO_PASSWORD: 'wrong' },
  });
  assert.equal(end.code, 12);
  assert.partialDeepStrictEqual(jsonOf(end), { event: 'error', type: 'WrongKey', exitCode: 12 });
});

test('without a password and without a terminal, the failure says how to give one', async (t) => {
  const { path } = await makeRepository(await temporaryFolder(t));
  const { code, stderr } = await runCommand(['repo', 'snapshots', '--repo', path]);
  assert.equal(code, 2);
  assert.match(stderr, /RESGUARDO_PASSWORD_FILE/);
});

test('the password comes from a file, ours before that of restic', async (t) => {
  const folder = await temporaryFolder(t);
  const { path } = await makeRepository(folder);
  await writeFile(join(folder, 'key'), 'correct horse\n', { mode: 0o600 });
  await writeFile(join(folder, 'other'), 'wrong\n', { mode: 0o600 });
  const files = { RESGUARDO_PASSWORD_FILE: join(folder, 'key'), RESTIC_PASSWORD_FILE: join(folder, 'other') };
  const byEnvironment = await runCommand(['repo', 'snapshots', '--repo', path], { env: files });
  assert.equal(byEnvironment.code, 0, byEnvironment.stderr);
  const byOption = await runCommand(['repo', 'snapshots', '-r', path, '--password-file', 'key'], {
    cwd: folder,
  });
  assert.equal(byOption.code, 0, byOption.stderr);
  const missing = await runCommand(['repo', 'snapshots', '-r', path, '--password-file', 'none'], {
    cwd: folder,
  });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /--password-file/);
});

test('an empty file gives no password', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'key'), '\n', { mode: 0o600 });
  const args = ['repo', 'init', '-r', 'repository', '--password-file', 'key'];
  const { code, stderr } = await runCommand(args, { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /is empty/);
});

test('a place that cannot be written is told of, and nothing is left there', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  const env = { RESGUARDO_PASSWORD: 'x' };
  const { code, stderr } = await runCommand(['repo', 'init', '-r', join(folder, 'file', 'below')], { env });
  assert.equal(code, 1);
  assert.match(stderr, /file\/below cannot be written/);
  assert.deepEqual(await readdir(folder), ['file']);
});

test('a repository under an exclusive lock is left alone, with exit code 11', async (t) => {
  const folder = await temporaryFolder(t);
  const { path, env } = await makeRepository(folder);
  const repository = await Repository.open(openLocalStore(path), new Secret('correct horse'));
  t.after(() => repository.close());
  await repository.lock({ exclusive: true });
  await writeFile(join(folder, 'file'), 'x');
  const { code, stderr } = await runCommand(['repo', 'backup', 'file'], { env, cwd: folder });
  assert.equal(code, 11);
  assert.match(stderr, /lock of process \d+/);
});

test('a repository that exists is not made again', async (t) => {
  const { env } = await makeRepository(await temporaryFolder(t));
  const { code, stderr } = await runCommand(['repo', 'init'], { env });
  assert.equal(code, 1);
  assert.match(stderr, /already/);
});

test('a path that is missing is named, and no snapshot is made', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  const { code, stderr } = await runCommand(['repo', 'backup', join(folder, 'nothing-here')], { env });
  assert.equal(code, 1);
  assert.match(stderr, /nothing-here does not exist/);
  assert.deepEqual(jsonOf(await runCommand(['repo', 'snapshots', '--json'], { env })), []);
});

test('a snapshot that is missing, and an id that is ambiguous, are told apart', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  const none = await runCommand(['repo', 'ls', 'latest'], { env });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no snapshot/);
  await writeFile(join(folder, 'file'), 'x');
  for (let count = 0; count < 2; count += 1)
    await runCommand(['repo', 'backup', 'file'], { env, cwd: folder });
  const ambiguous = await runCommand(['repo', 'ls', ''], { env });
  assert.match(ambiguous.stderr, /ambiguous/);
});

test('a damaged pack is told as damage, with exit code 4', async (t) => {
  const folder = await temporaryFolder(t);
  const { path, env } = await makeRepository(folder);
  await writeFile(join(folder, 'file'), 'x'.repeat(1000));
  await runCommand(['repo', 'backup', 'file'], { env, cwd: folder });
  for (const shard of await readdir(join(path, 'data'))) {
    for (const pack of await readdir(join(path, 'data', shard))) {
      await writeFile(join(path, 'data', shard, pack), Buffer.alloc(2000), { flag: 'r+' });
    }
  }
  const { code, stderr } = await runCommand(['repo', 'ls', 'latest'], { env });
  assert.equal(code, 4, stderr);
});

const wrongUsages: readonly (readonly [readonly string[], RegExp])[] = [
  [['frobnicate'], /unknown command 'frobnicate'/],
  [['bakup'], /Did you mean backup\?/],
  [['repo', 'frobnicate'], /unknown command 'frobnicate'/],
  [['repo', 'snapshots', '--frobnicate'], /unknown option '--frobnicate'/],
  [['repo', 'restore', 'latest'], /--target/],
  [['repo', 'backup', '-r', 'x'], /nothing to back up/],
  [['repo', 'backup', '-r', 'x', '--stdin', 'a/b'], /no name of a file/],
  [['repo', 'backup', '-r', 'x', '--stdin', 'a', 'b'], /exclude each other/],
  [['repo', 'ls', 'latest', 'relative/path', '-r', 'x'], /not absolute/],
  [['repo', 'snapshots', '-r', 'x', '--repository', 'y'], /exclude each other/],
  [['repo', 'dump', 'latest', '/x', '--json', '-r', 'x'], /no JSON/],
  [['backup', '--max-age', 'soon', 'x'], /duration/],
  [['verify', '--read-data=200'], /percentage/],
];

for (const [args, expected] of wrongUsages) {
  test(`"${args.join(' ')}" is wrong usage, with exit code 2 and the way to the help`, async () => {
    const env = { RESGUARDO_PASSWORD: 'x' };
    const { code, stdout, stderr } = await runCommand(args, { env });
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
    if (args.includes('--json')) assert.equal(JSON.parse(stdout).exitCode, 2);
    else assert.equal(stdout, '');
  });
}

test('Ctrl-C ends a backup with exit code 130, and leaves no snapshot and no lock', async (t) => {
  const folder = await temporaryFolder(t);
  const { path, env } = await makeRepository(folder);
  const child = startCommand(['repo', 'backup', '--stdin', 'endless', '--json'], { env });
  const ended = endOf(child);
  // Standard input stays open: the backup waits in the middle of its file.
  child.stdin?.on('error', () => {});
  child.stdin?.write(Buffer.alloc(1_000_000, 'data'));
  if (child.stdout) await once(child.stdout, 'data');
  assert.equal((await readdir(join(path, 'locks'))).length, 1);
  child.kill('SIGINT');
  const end = await ended;
  assert.equal(end.code, 130, end.stderr);
  assert.equal(jsonLinesOf(end).at(-1)?.type, 'Cancelled');
  assert.deepEqual(await readdir(join(path, 'locks')), []);
  assert.deepEqual(await readdir(join(path, 'snapshots')), []);
});

test('a reader that goes away in the middle of a list is no fault', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  await mkdir(join(folder, 'many'));
  for (let number = 0; number < 3000; number += 1) {
    await appendFile(join(folder, 'many', `${'long name '.repeat(12)}${number}`), '');
  }
  await runCommand(['repo', 'backup', 'many'], { env, cwd: folder });
  const child = startCommand(['repo', 'ls', 'latest', '--json'], { env });
  const ended = endOf(child);
  child.stdin?.end();
  if (child.stdout) await once(child.stdout, 'data');
  child.stdout?.destroy();
  assert.equal((await ended).stderr, '');
});
