import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { commandEnvironment, commandFlags, commandLineFile } from '../../scripts/start.mjs';

const run = promisify(execFile);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const command = join(root, 'bin', 'resguardo');

test('the command runs from anywhere, also by a link to it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-command-'));
  t.after(() => rm(folder, { recursive: true }));
  const link = join(folder, 'resguardo');
  await symlink(command, link);
  const { stdout } = await run(link, ['--version'], { cwd: folder });
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('the command gives its arguments on as they are, and the exit code back', async () => {
  await assert.rejects(run(command, ['repo', 'ls', 'a b', '--repo', '/no/such', '--insecure-no-password']), {
    code: 10,
    stderr: /no repository at \/no\/such/,
  });
});

test('the longer way is taken when the packages may have changed, and says so to the next start', async () => {
  const note = join(root, 'node_modules', '.resguardo-installed');
  await rm(note, { force: true });
  const { stdout } = await run(command, ['--version']);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  const lists = [join(root, 'package-lock.json'), join(root, 'node_modules', '.package-lock.json')];
  const notedMs = (await stat(note)).mtimeMs;
  for (const list of lists) assert.ok(notedMs > (await stat(list)).mtimeMs, list);
});

test('the command has the flags, the environment and the program that its other entry has', async () => {
  const text = await readFile(command, 'utf8');
  for (const [name, value] of Object.entries(commandEnvironment)) {
    assert.ok(text.includes(`export ${name}="\${${name}-${value}}"`), name);
  }
  assert.ok(text.includes(`exec "$node" ${commandFlags.join(' ')} "$root/${commandLineFile()}" "$@"`));
});
