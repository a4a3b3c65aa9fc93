import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLinesOf, jsonOf, makeRepository, runCommand, temporaryFolder } from '../command-line.ts';

test('a repository made for copies takes them, and then finds nothing new in the same files', async (t) => {
  const folder = await temporaryFolder(t);
  const { env, path } = await makeRepository(folder);
  await writeFile(join(folder, 'first.key'), 'correct horse');
  await writeFile(join(folder, 'second.key'), 'another one');
  await writeFile(join(folder, 'file'), 'content '.repeat(300_000));
  const run = (...args: readonly string[]) => runCommand(args, { env, cwd: folder });
  await run('repo', 'backup', 'file');

  const to = ['--repo', join(folder, 'copy'), '--password-file', 'second.key'];
  const from = ['--from-repo', path, '--from-password-file', 'first.key'];
  const lost = await run('repo', 'init', ...to, '--copy-chunker-params');
  assert.equal(lost.code, 2);
  assert.match(lost.stderr, /Which repository is to be copied from/);
  const init = await run('repo', 'init', ...to, ...from, '--copy-chunker-params');
  assert.equal(init.code, 0, init.stderr);
  const copied = jsonLinesOf(await run('repo', 'copy', ...to, ...from, '--json')).at(-1);
  assert.partialDeepStrictEqual(copied, { status: 'done', skipped: [] });
  const again = jsonLinesOf(await run('repo', 'copy', ...to, ...from, 'latest', '--json')).at(-1);
  assert.partialDeepStrictEqual(again, { copied: [], blobs: 0 });

  const snapshots = jsonOf(await run('repo', 'snapshots', ...to, '--json')) as readonly unknown[];
  assert.equal(snapshots.length, 1);
  const check = await run('repo', 'check', '--read-data', ...to);
  assert.equal(check.code, 0, check.stdout);
  const backup = jsonLinesOf(await run('repo', 'backup', 'file', '--force', ...to, '--json')).at(-1);
  assert.partialDeepStrictEqual(backup, { summary: { dataBlobs: 0 } });
});
