import { basename } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { type CompletedProgram, type ProgramRequest, runProgram } from './run.ts';

export interface CaptureRequest extends ProgramRequest {
  /** Default 1 MiB. */
  readonly maxOutputBytes?: number;
}

export interface CapturedProgram extends CompletedProgram {
  readonly stdout: Buffer;
}

const defaultMaxOutputBytes = 1_048_576;

/**
 * Runs a program with a small output to its end.
 * @throws {Failure} as `runProgram`; ToolFailed too if it prints more than `maxOutputBytes`
 */
export async function captureProgram(request: CaptureRequest): Promise<CapturedProgram> {
  const limit = request.maxOutputBytes ?? defaultMaxOutputBytes;
  const program = runProgram(request);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of program.stdout) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes <= limit) continue;
    program.stdout.destroy();
    await program.completed.catch(() => {});
    throw new Failure('ToolFailed', `${basename(request.command)} printed more than ${limit} bytes`);
  }
  return { stdout: Buffer.concat(chunks), ...(await program.completed) };
}
