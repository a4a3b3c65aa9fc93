import { spawn } from 'node:child_process';
import { Failure } from '../contracts/failures.ts';

export interface Step {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Runs a short program to its end and resolves to what it printed.
 * @throws {Failure} ToolMissing, ToolFailed with the program's last lines, Cancelled
 */
export async function runStep({ command, args, env, signal }: Step): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: env ?? process.env, signal });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-65536);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4096);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Failure('ToolFailed', `${command} failed with exit code ${code}: ${errors.trim()}`);
  return output;
}
