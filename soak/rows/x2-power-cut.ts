import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../programs/find.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { operationNames } from '../operations/names.ts';
import { operationProgram } from '../operations/start.ts';
import { parseTrace, powerCutProblems } from '../operations/trace.ts';
import type { Row } from '../row.ts';
import { makeRepository } from './x2-kills.ts';

const execute = promisify(execFile);

export const powerCut: Row = {
  id: 'X2-power-cut',
  title: 'files and names are on the disk before anything builds on them, and all of them at the end',
  counts: { test: 2, soak: 33 },
  run: async (run) => {
    const strace = findProgram('strace', process.env.PATH ?? '');
    if (!strace) {
      run.skip('calls of the system', 'strace is not installed');
      return;
    }
    const first = run.count < operationNames.length ? run.random.below(operationNames.length) : 0;
    for (const { number } of run.cases()) {
      const operation = operationNames[(first + number) % operationNames.length] ?? 'backup';
      const { folder, source } = await makeRepository(run, operation);
      const trace = join(await temporaryFolder(run), 'trace');
      await run.check(operation, async () => {
        const calls = 'trace=fsync,fdatasync,link,linkat,unlink';
        const child = [process.execPath, operationProgram, operation, folder, source, 'none'];
        await execute(strace, ['-f', '-y', '-s', '1000', '-e', calls, '-o', trace, ...child]);
        const seen = parseTrace(await readFile(trace, 'utf8'));
        const steps = seen.filter(({ name }) => name !== 'fsync').length;
        assert.ok(steps > 0, 'no call was seen');
        run.figure(`names given or taken by ${operation}`, steps);
        assert.deepEqual(powerCutProblems(seen), []);
      });
    }
  },
};
