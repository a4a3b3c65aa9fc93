import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { jsonLinesOf, makeRepository, runCommand, temporaryFolder } from '../command-line.ts';

async function repositoryWithSnapshot(test: TestContext) {
  const folder = await temporaryFolder(test);
  const repository = await makeRepository(folder);
  await writeFile(join(folder, 'file'), 'content '.repeat(10_000));
  const { code, stderr } = await runCommand(['repo', 'backup', 'file'], { env: repository.env, cwd: folder });
  assert.equal(code, 0, stderr);
  return repository;
}

test('a check of a whole repository counts what it read', async (t) => {
  const { env } = await repositoryWithSnapshot(t);
  const structure = jsonLinesOf(await runCommand(['repo', 'check', '--json'], { env })).at(-1);
  assert.partialDeepStrictEqual(structure, { event: 'result', status: 'done', snapshots: 1, bytesRead: 0 });
  for (const args of [
    ['--read-data'],
    ['--read-data-subset=100%'],
    ['--read-data', '--snapshot', 'latest'],
  ]) {
    const end = await runCommand(['repo', 'check', ...args, '--json'], { env });
    assert.equal(end.code, 0, end.stderr);
    assert.ok(Number(jsonLinesOf(end).at(-1)?.bytesRead) > 0);
  }
  for (const option of ['--quiet', '-q']) {
    const quiet = await runCommand(['repo', 'check', option], { env });
    assert.deepEqual(quiet, { code: 0, stdout: '', stderr: '' });
  }
  const both = await runCommand(['repo', 'check', '--read-data', '--read-data-subset', '10'], { env });
  assert.equal(both.code, 2);
});

test('a check that finds damage names it, and ends with exit code 4, --quiet or not', async (t) => {
  const { path, env } = await repositoryWithSnapshot(t);
  await removeOnePack(path);
  const check = await runCommand(['repo', 'check', '--json'], { env });
  assert.equal(check.code, 4);
  const result = jsonLinesOf(check).at(-1);
  assert.equal(result?.status, 'damaged');
  assert.match(JSON.stringify(result?.damages), /pack/i);
  const quiet = await runCommand(['repo', 'check', '--quiet'], { env });
  assert.equal(quiet.code, 4);
  assert.match(quiet.stderr, /damage/i);
});

test('an index that is lost is written anew, and the repository is whole again', async (t) => {
  const { path, env } = await repositoryWithSnapshot(t);
  for (const name of await readdir(join(path, 'index'))) await rm(join(path, 'index', name));
  assert.equal((await runCommand(['repo', 'check'], { env })).code, 4);
  const rebuild = await runCommand(['repo', 'rebuild-index', '--json'], { env });
  assert.equal(rebuild.code, 0, rebuild.stderr);
  assert.partialDeepStrictEqual(jsonLinesOf(rebuild).at(-1), { event: 'result', packs: 2, packsAdded: 2 });
  assert.equal((await runCommand(['repo', 'check', '--read-data'], { env })).code, 0);
});

async function removeOnePack(repository: string): Promise<void> {
  for (const shard of await readdir(join(repository, 'data'))) {
    const [pack] = await readdir(join(repository, 'data', shard));
    if (pack !== undefined) return rm(join(repository, 'data', shard, pack));
  }
}
