import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand, temporaryFolder } from '../cli/command-line.ts';
import { type Access, type AccessOf, accesses, password, resticAt } from './restic-access.ts';

for (const [scheme, accessOf] of Object.entries<AccessOf>(accesses)) {
  test(`restic opens our ${scheme} repository and restores from it, and we do from what it stores there`, async (t) => {
    const access = await accessOf(t);
    const folder = await temporaryFolder(t);
    const ours = await oursAt(access, folder);
    const restic = await resticAt(access);
    const source = join(folder, 'source');
    await mkdir(source);
    await writeFile(join(source, 'first'), 'stored by us');
    await ours('repo', 'init');
    await ours('repo', 'backup', source);
    await restic('check', '--read-data');
    await restic('restore', 'latest', '--target', join(folder, 'by-restic'));
    assert.equal(await readFile(join(folder, 'by-restic', source, 'first'), 'utf8'), 'stored by us');

    if (access.resticOnlyReads === true) return;
    await writeFile(join(source, 'second'), 'stored by restic');
    await restic('backup', source);
    await ours('repo', 'check', '--read-data');
    await ours('repo', 'restore', 'latest', '--target', join(folder, 'by-us'));
    assert.equal(await readFile(join(folder, 'by-us', source, 'second'), 'utf8'), 'stored by restic');
  });
}

async function oursAt({ url, env, oursAlone, configuration }: Access, folder: string) {
  const access = ['--repo', url];
  if (configuration !== undefined) {
    const file = join(folder, 'resguardo.yaml');
    await writeFile(join(folder, 'key'), password, { mode: 0o600 });
    await writeFile(
      file,
      `repositories:\n  main:\n    url: ${url}\n    password: file:key\n${configuration}\n`,
    );
    access.splice(0, 2, '--config', file);
  }
  return async (...args: readonly string[]): Promise<void> => {
    const all = { RESGUARDO_PASSWORD: password, ...env, ...oursAlone };
    const { code, stderr } = await runCommand([...args, ...access], { env: all });
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  };
}
