import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('exit-on-broken-disk.ts', import.meta.url));

for (const [way, code] of [
  ['itself', 7],
  ['exit', 7],
  ['error', 1],
] as const) {
  test(`a process whose standard streams cannot be flushed ends, by ${way}, with its code and output`, async () => {
    // Ended after a minute, one that hangs has no code.
    const ended = execute(process.execPath, [program, way], { timeout: 60_000 });
    await assert.rejects(ended, (error: Error & { code?: unknown; stdout?: string }) => {
      assert.equal(error.code, code);
      assert.equal(error.stdout?.length, 60_000);
      return true;
    });
  });
}
