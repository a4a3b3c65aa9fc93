import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('close-early.ts', import.meta.url));

test('a pool that is closed while its threads start ends them, and not the process', async () => {
  // A crash ends the process by a signal.
  const { stdout } = await execute(process.execPath, [program]);
  assert.equal(stdout, 'fine');
});
