import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `resguardo` as a user starts it, in an environment that holds nothing of the tester's own. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): ChildProcess {
  const { PATH = '', HOME = '', XDG_CACHE_HOME, TMPDIR } = process.env;
  return spawn(process.execPath, [program, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: {
      PATH,
      HOME,
      ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }),
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Resolves when the command has ended. */
export async function endOf(child: ChildProcess): Promise<CommandEnd> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const child = startCommand(args, options);
  child.stdin?.end(options.stdin ?? '');
  return endOf(child);
}

/** Standard output as one JSON document. */
export function jsonOf({ stdout }: CommandEnd): unknown {
  return JSON.parse(stdout);
}

/** Standard output as JSON lines. */
export function jsonLinesOf({ stdout }: CommandEnd): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** A folder that the test removes at its end. */
export async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-cli-'));
  test.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export interface TestRepository {
  readonly path: string;
  /** Environment that names the repository and its password. */
  readonly env: Readonly<Record<string, string>>;
}

/** A new repository below a folder. */
export async function makeRepository(folder: string): Promise<TestRepository> {
  const path = join(folder, 'repository');
  const env = { RESTIC_REPOSITORY: path, RESGUARDO_PASSWORD: 'correct horse' };
  const { code, stderr } = await runCommand(['repo', 'init'], { env });
  if (code !== 0) throw new Error(stderr);
  return { path, env };
}
