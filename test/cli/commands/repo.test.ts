import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLinesOf, jsonOf, makeRepository, runCommand, temporaryFolder } from '../command-line.ts';

test('a folder goes into a repository and comes out the same', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  const data = join(folder, 'data');
  await mkdir(join(data, 'below'), { recursive: true });
  await writeFile(join(data, 'below', 'große Datei.txt'), 'content '.repeat(100_000));
  await writeFile(join(data, 'script'), '#!/bin/sh\n', { mode: 0o750 });
  await symlink('below', join(data, 'link'));
  await utimes(join(data, 'script'), 1_000_000_000, 1_000_000_000);

  const backup = await runCommand(['repo', 'backup', 'data', '--tag', 'first', '--host', 'h1', '--json'], {
    env,
    cwd: folder,
  });
  assert.equal(backup.code, 0, backup.stderr);
  const result = jsonLinesOf(backup).at(-1);
  assert.equal(result?.event, 'result');
  assert.equal(result?.status, 'done');

  const snapshots = await runCommand(['repo', 'snapshots', '--json'], { env });
  const [snapshot] = jsonOf(snapshots) as Record<string, unknown>[];
  assert.equal(snapshot?.id, result?.snapshot);
  assert.deepEqual(snapshot?.paths, [data]);
  assert.deepEqual(snapshot?.tags, ['first']);
  assert.equal(snapshot?.hostname, 'h1');

  const target = join(folder, 'restored');
  const restore = await runCommand(['repo', 'restore', 'latest', '--target', target], { env });
  assert.equal(restore.code, 0, restore.stderr);
  const copy = join(target, data);
  assert.equal(await readFile(join(copy, 'below', 'große Datei.txt'), 'utf8'), 'content '.repeat(100_000));
  const script = await stat(join(copy, 'script'));
  assert.equal(script.mode & 0o777, 0o750);
  assert.equal(script.mtimeMs, 1_000_000_000_000);
  assert.deepEqual((await readdir(join(copy, 'link'))).sort(), ['große Datei.txt']);
});

test('a repository gets a key that was made for it, and no other', async (t) => {
  const folder = await temporaryFolder(t);
  const [repository, key] = [join(folder, 'repository'), join(folder, 'resguardo.key')];
  const env = { HOME: folder };
  const init = ['repo', 'init', '--repo', repository, '--make-key', key];
  const both = await runCommand([...init, '--password-file', key], { env });
  assert.equal(both.code, 2, both.stderr);
  const made = await runCommand([...init, '--json'], { env });
  assert.equal(made.code, 0, made.stderr);
  assert.partialDeepStrictEqual(jsonOf(made), { keyFile: key });
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  const text = await readFile(key, 'utf8');
  assert.equal(Buffer.from(text, 'base64').length, 32);
  const keys = await runCommand(['repo', 'key', 'list', '--repo', repository, '--password-file', key], {
    env,
  });
  assert.equal(keys.code, 0, keys.stderr);
  const again = await runCommand(init, { env });
  assert.match(again.stderr, /resguardo\.key is there already/);
  assert.equal(await readFile(key, 'utf8'), text);
});

test('a second backup of the same stores no data again, and names its parent', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  await writeFile(join(folder, 'file'), 'x'.repeat(10_000));
  const first = jsonLinesOf(await runCommand(['repo', 'backup', 'file', '--json'], { env, cwd: folder })).at(
    -1,
  );
  const second = jsonLinesOf(await runCommand(['repo', 'backup', 'file', '--json'], { env, cwd: folder })).at(
    -1,
  );
  const summary = { dataBlobs: 0, filesUnmodified: 1 };
  assert.partialDeepStrictEqual(second, { parent: first?.snapshot, summary });
});

test('standard input becomes a file, which dump gives back byte for byte', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  const content = 'INSERT INTO a VALUES (1);\n'.repeat(5000);
  const backup = await runCommand(['repo', 'backup', '--stdin', 'dump.sql'], { env, stdin: content });
  assert.equal(backup.code, 0, backup.stderr);
  const dump = await runCommand(['repo', 'dump', 'latest', '/dump.sql'], { env });
  assert.equal(dump.stdout, content);

  const target = join(folder, 'out.sql');
  const toFile = await runCommand(['repo', 'dump', 'latest', '/dump.sql', '--target', target, '--json'], {
    env,
  });
  assert.deepEqual(jsonOf(toFile), { path: target, bytes: content.length });
  assert.equal(await readFile(target, 'utf8'), content);
  const again = await runCommand(['repo', 'dump', 'latest', '/dump.sql', '--target', target], { env });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /exists/);
});

test('ls shows all, one folder, or one file, for people and for programs', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  await mkdir(join(folder, 'a', 'b'), { recursive: true });
  await writeFile(join(folder, 'a', 'one\u001b[2J'), '1');
  await writeFile(join(folder, 'a', 'b', 'two'), '22');
  await runCommand(['repo', 'backup', 'a'], { env, cwd: folder });

  const inFolder = await runCommand(['repo', 'ls', 'latest', join(folder, 'a')], { env });
  assert.deepEqual(inFolder.stdout.split('\n'), [
    join(folder, 'a', 'b'),
    join(folder, 'a', 'one\\x1b[2J'),
    '',
  ]);
  const file = await runCommand(['repo', 'ls', 'latest', join(folder, 'a', 'b', 'two'), '--json'], { env });
  const [node] = jsonOf(file) as Record<string, unknown>[];
  assert.equal(node?.type, 'file');
  assert.equal(node?.size, 2);
  const all = await runCommand(['repo', 'ls', 'latest', '--json'], { env });
  assert.ok(
    (jsonOf(all) as Record<string, unknown>[]).some(({ path }) => path === join(folder, 'a', 'b', 'two')),
  );
  const missing = await runCommand(['repo', 'ls', 'latest', '/no/such'], { env });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /has no \/no\/such/);
});

test('a file that cannot be read is listed, the rest is stored, and the exit code is 3', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  await writeFile(join(folder, 'readable'), 'x');
  // A file whose reading fails even for root.
  const unreadable = '/proc/self/mem';
  const backup = await runCommand(['repo', 'backup', 'readable', unreadable, '--json'], { env, cwd: folder });
  assert.equal(backup.code, 3, backup.stderr);
  const result = jsonLinesOf(backup).at(-1);
  assert.equal(result?.status, 'partial');
  assert.match(JSON.stringify(result?.warnings), /\/mem/);
  assert.match(backup.stderr, /warning: .*\/mem/);
  const ls = await runCommand(['repo', 'ls', 'latest'], { env });
  assert.match(ls.stdout, /\/readable$/m);
});

test('only what is asked for is restored, and a target that is not empty is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  for (const name of ['a', 'b']) {
    await mkdir(join(folder, 'data', name), { recursive: true });
    await writeFile(join(folder, 'data', name, 'file'), name);
  }
  await runCommand(['repo', 'backup', 'data'], { env, cwd: folder });
  const target = join(folder, 'restored');
  const include = join(folder, 'data', 'a');
  const part = await runCommand(['repo', 'restore', 'latest', '--target', target, '--include', include], {
    env,
  });
  assert.equal(part.code, 0, part.stderr);
  assert.deepEqual(await readdir(join(target, folder, 'data')), ['a']);
  const again = await runCommand(['repo', 'restore', 'latest', '--target', target], { env });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /is not empty/);
});

test('stats and unlock speak JSON', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await makeRepository(folder);
  await writeFile(join(folder, 'file'), 'x'.repeat(1000));
  await runCommand(['repo', 'backup', 'file'], { env, cwd: folder });
  const stats = jsonOf(await runCommand(['repo', 'stats', '--json'], { env })) as Record<string, number>;
  assert.equal(stats.snapshots, 1);
  assert.equal(stats.packs, 2);
  assert.equal(stats.snapshotBytes, 1000);
  assert.deepEqual(jsonOf(await runCommand(['repo', 'unlock', '--json'], { env })), { removed: 0 });
});
