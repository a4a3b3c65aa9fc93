import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { coldS3 } from '../../stores/cold-s3.ts';
import { jsonLinesOf, makeRepository, runCommand, temporaryFolder } from '../command-line.ts';

test('a move by command says where the repository lies now, and so does every command on the old place', async (t) => {
  const { folder, env, path } = await backedUp(t);
  const target = join(folder, 'moved');
  const moved = await runCommand(['repo', 'move', '--to', target, '--json'], { env });
  assert.equal(moved.code, 0, moved.stderr);
  assert.partialDeepStrictEqual(jsonLinesOf(moved).at(-1), { status: 'done', to: target, snapshots: 1 });
  const old = await runCommand(['repo', 'snapshots'], { env });
  assert.equal(old.code, 10);
  assert.match(old.stderr, new RegExp(`was moved to ${target}`));
  const again = await runCommand(['repo', 'move', '--to', target], { env });
  assert.deepEqual([again.code, /was moved to .* before/.test(again.stdout)], [0, true]);
  const init = await runCommand(['repo', 'init'], { env });
  assert.equal(init.code, 10, init.stderr);
  const check = await runCommand(['repo', 'check', '--read-data', '--repo', target], { env });
  assert.equal(check.code, 0, check.stdout);
  assert.ok((await stat(join(path, 'data'))).isDirectory(), 'the old files are kept');
});

test('the configuration file is changed when that is wished, and kept as it was beside it', async (t) => {
  const { folder, path } = await backedUp(t);
  const file = join(folder, 'resguardo.yaml');
  const before = `repositories:\n  main:\n    url: ${path}\n    password: file:key\n`;
  await writeFile(file, before, { mode: 0o640 });
  await writeFile(join(folder, 'key'), 'correct horse', { mode: 0o600 });
  const args = ['repo', 'move', '--config', file, '--to', 'elsewhere'];
  const told = await runCommand(args, { cwd: folder });
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /Change .*resguardo\.yaml: repositories\.main\.url becomes .*\/elsewhere/);
  assert.equal(await readFile(file, 'utf8'), before);
  const switched = await runCommand([...args, '--switch'], { cwd: folder });
  assert.equal(switched.code, 0, switched.stderr);
  assert.equal(await readFile(file, 'utf8'), before.replace(path, join(folder, 'elsewhere')));
  assert.equal(await readFile(`${file}.before-move`, 'utf8'), before);
  assert.equal((await stat(file)).mode & 0o777, 0o640);
});

test('a move without a place, without locks, or to a taken place is refused', async (t) => {
  const { folder, env } = await backedUp(t);
  const move = (...args: readonly string[]) => runCommand(['repo', 'move', ...args], { env });
  assert.match((await move()).stderr, /Where is the repository to be moved to/);
  assert.match((await move('--to', join(folder, 'x'), '--no-lock')).stderr, /needs locks/);
  const other = await makeRepository(join(folder, 'other'));
  const { code, stderr } = await move('--to', other.path);
  assert.equal(code, 1);
  assert.match(stderr, /There is a repository at/);
});

test('a move into an archive says what was not read there, and what was done instead', async (t) => {
  const { folder, path } = await backedUp(t);
  const cold = await coldS3(t);
  const access = 'storageClass: DEEP_ARCHIVE, accessKeyId: "env:COLD_KEY", secretAccessKey: "env:COLD_KEY"';
  await writeFile(join(folder, 'key'), 'correct horse', { mode: 0o600 });
  await writeFile(
    join(folder, 'resguardo.yaml'),
    `defaultRepository: main
repositories:
  main: { url: ${path}, password: "file:key" }
  cold: { url: "s3:${cold.origin}/archive/main", password: "file:key", s3: { ${access} } }
`,
  );
  const args = ['repo', 'move', '--config', join(folder, 'resguardo.yaml'), '--repository', 'main'];
  const moved = await runCommand([...args, '--to-repository', 'cold'], { env: { COLD_KEY: 'key' } });
  assert.equal(moved.code, 0, moved.stderr);
  assert.match(moved.stdout, /Not read there, for their class: 1 pack, .* compared by the service/);
  assert.deepEqual(
    cold.requests.filter(({ status }) => status === 403),
    [],
  );
});

async function backedUp(t: TestContext) {
  const folder = await temporaryFolder(t);
  const { env, path } = await makeRepository(folder);
  await writeFile(join(folder, 'file'), 'content '.repeat(300_000));
  const { code, stderr } = await runCommand(['repo', 'backup', join(folder, 'file')], { env });
  assert.equal(code, 0, stderr);
  return { folder, env, path };
}
