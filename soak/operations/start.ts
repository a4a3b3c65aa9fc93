import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { OperationName, RepairName } from './names.ts';

const execute = promisify(execFile);
/** One operation in a process of its own. */
export const operationProgram = fileURLToPath(new URL('run.ts', import.meta.url));

/** Carries an operation out, or has it die at a step; returns the number of its steps. */
export async function carryOut(
  operation: OperationName | RepairName,
  { folder, source }: { readonly folder: string; readonly source: string },
  step: number | 'none',
): Promise<number> {
  const args = [operationProgram, operation, folder, source, String(step)];
  const { stdout } = await execute(process.execPath, args);
  return Number(stdout);
}
