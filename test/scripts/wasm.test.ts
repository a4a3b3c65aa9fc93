import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../repository/temporary-folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

for (const file of [
  'repository/chunker/rabin.wasm',
  'sources/postgres/archive/block.wasm',
  'sources/mysql/inserts/rows.wasm',
]) {
  test(`${file} is what its source compiles to`, async (t) => {
    const folder = join(await temporaryFolder(t), 'built');
    await mkdir(folder);
    await cp(join(root, dirname(file), 'assembly'), join(folder, 'assembly'), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
    await promisify(execFile)(process.execPath, [compiler, '--config', 'assembly/asconfig.json'], {
      cwd: folder,
    });
    const [built, committed] = await Promise.all([
      readFile(join(folder, basename(file))),
      readFile(join(root, file)),
    ]);
    assert.ok(built.equals(committed), 'run `npm run build:wasm`');
  });
}
