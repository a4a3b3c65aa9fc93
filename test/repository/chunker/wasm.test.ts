import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('rabin.wasm is what its source compiles to', async (t) => {
  const folder = join(await temporaryFolder(t), 'chunker');
  await mkdir(folder);
  await cp(join(root, 'repository/chunker/assembly'), join(folder, 'assembly'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
  await promisify(execFile)(process.execPath, [compiler, '--config', 'assembly/asconfig.json'], {
    cwd: folder,
  });
  const [built, committed] = await Promise.all([
    readFile(join(folder, 'rabin.wasm')),
    readFile(join(root, 'repository/chunker/rabin.wasm')),
  ]);
  assert.ok(built.equals(committed), 'run `npm run build:wasm`');
});
