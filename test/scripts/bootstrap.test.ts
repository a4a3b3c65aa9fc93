import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes an old version of the Node that runs it. */
const oldNode =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"18.20.0"}})';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the bootstrap', () => {
  let project = '';

  beforeEach(async () => {
    project = await makeProject();
  });

  afterEach(() => rm(project, { recursive: true }));

  test('installs the packages once, says so in one line, and runs the program', async () => {
    const first = await bootstrap(['cli/hello.ts', 'a', 'b c']);
    assert.deepEqual([first.code, first.stdout], [7, 'hello ["a","b c"]\n']);
    assert.match(first.stderr, /^Installing packages with npm ci \.\.\. done in \d+ s\n$/);
    const second = await bootstrap(['cli/hello.ts']);
    assert.deepEqual(second, { code: 7, stdout: 'hello []\n', stderr: '' });
  });

  test('installs once when two are started at the same time', async () => {
    const both = await Promise.all([bootstrap(['cli/hello.ts']), bootstrap(['cli/hello.ts'])]);
    assert.deepEqual(
      both.map(({ code, stdout }) => [code, stdout]),
      [
        [7, 'hello []\n'],
        [7, 'hello []\n'],
      ],
    );
    const lines = both.map(({ stderr }) => stderr).join('');
    assert.equal(lines.match(/Installing packages/g)?.length, 1);
    assert.deepEqual(await readdir(join(project, 'node_modules')), ['.package-lock.json', 'dependency']);
  });

  test('shows why npm failed, and does not run the program', async () => {
    await rm(join(project, 'dependency'), { recursive: true });
    await writeFile(join(project, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
    const { code, stdout, stderr } = await bootstrap(['cli/hello.ts']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^Installing packages with npm ci \.\.\. failed\nnpm ci failed with exit code 1:\n/);
    assert.match(stderr, /in sync/);
  });

  for (const file of ['scripts/bootstrap.mjs', 'bin/resguardo.mjs']) {
    test(`${file} says which Node it needs when it is run by an older one`, async () => {
      const { code, stderr } = await run(['--import', oldNode, join(root, file)]);
      assert.equal(code, 1);
      assert.match(stderr, /^Resguardo needs Node 20 or newer to start; this is Node 18\.20\.0\.\n$/);
    });
  }

  function bootstrap(args: readonly string[]): Promise<Ended> {
    return run([join(project, 'scripts', 'bootstrap.mjs'), ...args]);
  }
});

/** A project with our scripts, a program, and a dependency that needs no registry. */
async function makeProject(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'bootstrap-'));
  await cp(join(root, 'scripts'), join(project, 'scripts'), { recursive: true });
  await mkdir(join(project, 'cli'));
  await mkdir(join(project, 'dependency'));
  const dependencies = { dependency: 'file:./dependency' };
  const dependency = { name: 'dependency', version: '1.0.0' };
  const packages = {
    '': { name: 'project', dependencies },
    dependency: { version: '1.0.0' },
    'node_modules/dependency': { resolved: 'dependency', link: true },
  };
  const files: Readonly<Record<string, string>> = {
    'package.json': JSON.stringify({ name: 'project', type: 'module', dependencies }),
    'package-lock.json': JSON.stringify({ name: 'project', lockfileVersion: 3, requires: true, packages }),
    'dependency/package.json': JSON.stringify(dependency),
    'cli/hello.ts': `const args: readonly string[] = process.argv.slice(2);
      console.log('hello', JSON.stringify(args));
      process.exitCode = 7;`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(project, name), content);
  return project;
}

async function run(args: readonly string[]): Promise<Ended> {
  // The npm that runs these tests has told them about itself.
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const child = spawn(process.execPath, args, { env: Object.fromEntries(env) });
  child.stdin.end();
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await closed;
  return { code, stdout, stderr };
}
