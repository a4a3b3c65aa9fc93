import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readResults } from '../../soak/results.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { testFilesReached } from '../source-files.ts';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'soak/run.ts');

test('a soak that was ended goes on where it was, and its runs are summed up', async (t) => {
  const results = join(await temporaryFolder(t), 'results');
  const row = ['--row', 'X17-decoders', '--seed', '7'];
  const first = await soak(results, [...row, '--count', '8']);
  assert.match(first, /cases 0 to 8/);
  assert.match(first, /Written to \S+\.json and \S+\.md$/m);
  const second = await soak(results, [...row, '--count', '20', '--resume']);
  assert.match(second, /cases 8 to 20/);
  assert.deepEqual(
    (await readResults(results)).map(({ cases }) => cases),
    [8, 12],
  );
  assert.match(await soak(results, ['--summary']), /^\| X17-decoders .* \| 20 \| 0 \| .* \| 7 \|$/m);
});

test('nothing of the soak registers with the test runner, which would wait for it and print its own end', async () => {
  const importing: string[] = [];
  for (const file of await testFilesReached(root, 'soak/run.ts')) {
    const source = await readFile(join(root, file), 'utf8');
    if (/^import (?!type\b)[^;]*'node:test'/m.test(source)) importing.push(file);
  }
  assert.deepEqual(importing, []);
});

async function soak(results: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [program, ...args, '--results', results]);
  return stdout;
}
