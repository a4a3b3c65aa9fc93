import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonOf, runCommand, temporaryFolder } from '../command-line.ts';

const configuration = `stateDir: state
repositories:
  main: { url: repository, password: "file:key" }
sources:
  docs: { kind: files, paths: [docs] }
`;

test('repository commands take the repository and its key from the configuration', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'resguardo.yaml'), configuration);
  await writeFile(join(cwd, 'key'), 'correct horse\n', { mode: 0o600 });
  const init = await runCommand(['repo', 'init', '--json'], { cwd });
  assert.equal(init.code, 0, init.stderr);
  assert.partialDeepStrictEqual(jsonOf(init), { repository: join(cwd, 'repository') });
  for (const args of [['snapshots'], ['repo', 'snapshots'], ['snapshots', '--repository', 'main']]) {
    const end = await runCommand([...args, '--json'], { cwd });
    assert.deepEqual(jsonOf(end), [], end.stderr);
  }
  const unknown = await runCommand(['snapshots', '--repository', 'other'], { cwd });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /no repository "other"\n.*main/);
});

test('a configuration with a wrong field is refused by file, line and field, with exit code 2', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'resguardo.yaml'), configuration.replace('kind: files', 'kind: filez'));
  for (const args of [
    ['backup', 'docs'],
    ['restore', 'latest', '--target', 'x'],
    ['verify'],
    ['up'],
    ['worker'],
  ]) {
    const { code, stderr } = await runCommand(args, { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /resguardo\.yaml:5:\d+: sources\.docs\.kind/);
  }
});

test('malformed YAML is refused by its line', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'wrong.yaml'), `${configuration}  - broken: [\n`);
  const end = await runCommand(['--config', 'wrong.yaml', 'backup', 'docs', '--json'], { cwd });
  assert.equal(end.code, 2);
  const { type, message } = jsonOf(end) as Record<string, string>;
  assert.equal(type, 'InvalidConfiguration');
  assert.match(message ?? '', /wrong\.yaml:6/);
});

test('a source that is not configured is refused before Temporal is asked', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'resguardo.yaml'), configuration);
  const { code, stderr } = await runCommand(['backup', 'nope'], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /no source "nope"\n.*docs/);
});

test('a Temporal server that is not there is told of, with the way to start one', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'resguardo.yaml'), configuration);
  // Nothing listens on the first port.
  const env = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
  for (const args of [['backup', 'docs'], ['verify'], ['worker']]) {
    const { code, stderr } = await runCommand(args, { cwd, env });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /Cannot reach Temporal at 127\.0\.0\.1:1: the connection was refused\n.*resguardo up/,
    );
  }
});
