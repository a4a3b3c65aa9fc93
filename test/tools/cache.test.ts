import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isFailure } from '../../contracts/failures.ts';
import { ensureInstalled, toolsDirectory } from '../../tools/cache.ts';

const installer = fileURLToPath(new URL('cache-installer.ts', import.meta.url));
const folderName = `sample-1.0-${process.arch}`;

describe('the cache of tools', () => {
  let directory = '';

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cache-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  test('installs a tool once, and then only names its folder', async () => {
    let installs = 0;
    const notices: string[] = [];
    const recipe = sample(async (folder) => {
      installs += 1;
      await writeFile(join(folder, 'program'), '');
    });
    const options = { onNotice: (notice: string) => notices.push(notice) };
    const first = await ensureInstalled(recipe, options, directory);
    assert.equal(await ensureInstalled(recipe, options, directory), first);
    assert.equal(first, join(directory, folderName));
    assert.deepEqual(await readdir(first), ['program']);
    assert.deepEqual([installs, notices], [1, ['Getting sample']]);
  });

  test('keeps nothing of an installation that failed', async () => {
    const recipe = sample(async (folder) => {
      await writeFile(join(folder, 'half'), '');
      throw new Error('no network');
    });
    await assert.rejects(ensureInstalled(recipe, {}, directory), /no network/);
    assert.deepEqual(await readdir(directory), []);
  });

  test('tells what to do when it cannot be written', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const attempt = ensureInstalled(
      sample(async () => {}),
      {},
      join(file, 'tools'),
    );
    await assert.rejects(
      attempt,
      (error) => isFailure(error, 'ToolMissing') && /XDG_CACHE_HOME/.test(error.advice),
    );
  });

  test('lets a second process wait for the first instead of installing too', async () => {
    const [first, second] = await startTwo();
    first.process.stdin.end();
    second.process.stdin.end();
    const done = `done ${join(directory, folderName)}`;
    assert.equal(await first.line(), done);
    assert.equal(await second.line(), done);
    assert.equal(await readFile(join(directory, folderName, 'program'), 'utf8'), String(first.process.pid));
    assert.deepEqual(await readdir(directory), [folderName]);
  });

  test('installs anew, and removes what was left, when the installing process was killed', async () => {
    const [first, second] = await startTwo();
    first.process.kill('SIGKILL');
    assert.equal(await second.line(), 'Getting sample');
    second.process.stdin.end();
    assert.equal(await second.line(), `done ${join(directory, folderName)}`);
    assert.equal(await readFile(join(directory, folderName, 'program'), 'utf8'), String(second.process.pid));
    assert.deepEqual(await readdir(directory), [folderName]);
  });

  /** Two processes: one is installing, the other waits for it. */
  async function startTwo(): Promise<readonly [Installer, Installer]> {
    const first = startInstaller(directory);
    assert.equal(await first.line(), 'Getting sample');
    const second = startInstaller(directory);
    assert.equal(await second.line(), 'Waiting for another process: Getting sample');
    return [first, second];
  }
});

test('the cache lies where XDG_CACHE_HOME says, else in the home folder', async () => {
  assert.equal(toolsDirectory({ XDG_CACHE_HOME: '/cache' }), '/cache/resguardo/tools');
  assert.match(toolsDirectory({}), /\/\.cache\/resguardo\/tools$/);
});

function sample(install: (folder: string) => Promise<void>) {
  return { name: 'sample', version: '1.0', notice: 'Getting sample', install };
}

interface Installer {
  readonly process: ChildProcessWithoutNullStreams;
  /** The next line that it prints. */
  line(): Promise<string>;
}

function startInstaller(directory: string): Installer {
  const child = spawn(process.execPath, [installer, directory]);
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the installer ended: ${await once(child, 'close')}`);
    return value;
  };
  return { process: child, line };
}
