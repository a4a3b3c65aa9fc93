import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readResults } from '../../soak/results.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('../../soak/run.ts', import.meta.url));

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

async function soak(results: string, args: readonly string[]): Promise<string> {
  // It is no test of this run: without this, the rows' share of the test runner would report to it in its own format.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await execute(process.execPath, [program, ...args, '--results', results], { env });
  return stdout;
}
