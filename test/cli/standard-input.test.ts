import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../programs/run.ts';
import { makeRepository, runCommand, temporaryFolder } from './command-line.ts';

const program = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));

/** How a shell gives a file to a command. */
const ways = {
  'a file': '"$0" "$1" repo backup --stdin dump < "$2"',
  'a pipe': 'cat "$2" | "$0" "$1" repo backup --stdin dump',
  'a pipe that is filled bit by bit':
    '{ head -c 7 "$2"; sleep 0.2; tail -c +8 "$2"; } | "$0" "$1" repo backup --stdin dump',
  'a device': '"$0" "$1" repo backup --stdin dump < /dev/null',
};

for (const [name, script] of Object.entries(ways)) {
  test(`standard input is stored byte for byte from ${name}`, async (t) => {
    const folder = await temporaryFolder(t);
    const { env } = await makeRepository(folder);
    const content = script.includes('/dev/null') ? Buffer.alloc(0) : randomBytes(9_000_001);
    const file = join(folder, 'content');
    await writeFile(file, content);
    const args = ['-c', script, process.execPath, program, file];
    const { PATH = '' } = process.env;
    const { signal } = new AbortController();
    const shell = runProgram({
      command: '/bin/sh',
      args,
      env: { PATH, ...env },
      workingFolder: folder,
      signal,
    });
    for await (const _ of shell.stdout);
    const target = join(folder, 'restored');
    const dump = await runCommand(['repo', 'dump', 'latest', '/dump', '--target', target], { env });
    assert.equal(dump.code, 0, dump.stderr);
    assert.equal(sha256(await readFile(target)), sha256(content));
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
