import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** File that is piped into standard input. */
  readonly stdin?: string;
}

/** What the operating system says of one finished process. */
export interface Measurement {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakMebibytes: number;
}

/**
 * Runs a command and measures it from outside with GNU time.
 * @throws {Error} with the last of its output when it fails: a failed run is not a figure
 */
export async function measure(command: Command): Promise<Measurement> {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-bench-'));
  try {
    const report = path.join(folder, 'time');
    const child = spawn('/usr/bin/time', ['-o', report, '-f', '%e %U %S %M', ...command.argv], {
      env: { ...process.env, ...command.env },
      stdio: [command.stdin === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'],
    });
    let tail = '';
    child.stderr?.on('data', (data: Buffer) => {
      tail = (tail + data.toString('utf8')).slice(-2000);
    });
    const exited = once(child, 'exit');
    if (command.stdin !== undefined && child.stdin !== null) {
      await pipeline(createReadStream(command.stdin, { highWaterMark: 1 << 20 }), child.stdin);
    }
    const [code] = await exited;
    if (code !== 0) throw new Error(`${command.argv.join(' ')} ended with ${code}:\n${tail}`);
    const [wall, user, system, kibibytes] = (await readFile(report, 'utf8')).trim().split(' ').map(Number);
    return {
      wallSeconds: wall ?? Number.NaN,
      cpuSeconds: (user ?? Number.NaN) + (system ?? Number.NaN),
      peakMebibytes: (kibibytes ?? Number.NaN) / 1024,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
