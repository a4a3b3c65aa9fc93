import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../../repository/temporary-folder.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

test('block.wasm is what its source compiles to', async (t) => {
  const folder = join(await temporaryFolder(t), 'archive');
  await mkdir(folder);
  await cp(join(root, 'sources/postgres/archive/assembly'), join(folder, 'assembly'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
  await promisify(execFile)(process.execPath, [compiler, '--config', 'assembly/asconfig.json'], {
    cwd: folder,
  });
  const [built, committed] = await Promise.all([
    readFile(join(folder, 'block.wasm')),
    readFile(join(root, 'sources/postgres/archive/block.wasm')),
  ]);
  assert.ok(built.equals(committed), 'run `npm run build:wasm`');
});
