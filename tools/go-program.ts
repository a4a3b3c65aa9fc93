import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { runStep } from './step.ts';

export interface GoProgram {
  /** For people, and for its folder in the cache. */
  readonly name: string;
  /** Path of the package, `github.com/minio/minio`; its last part is the name of the program. */
  readonly package: string;
  readonly version: string;
}

/**
 * Path of a program that Go's module proxy has: from the tool cache, else built with Go.
 * @throws {Failure} ToolMissing
 */
export async function ensureGoProgram(program: GoProgram, options: ToolOptions = {}): Promise<string> {
  return join(await ensureInstalled(recipe(program), options), basename(program.package));
}

function recipe(program: GoProgram): ToolRecipe {
  const { name, version } = program;
  return {
    name,
    version,
    notice: `Building ${name} ${version} with Go (some minutes)`,
    install: async (directory, signal) => {
      try {
        await buildGoProgram(program, directory, signal);
      } catch (error) {
        signal.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        throw new Failure('ToolMissing', `${name} ${version} is missing and could not be built: ${reason}`, {
          advice: 'Install Go 1.25 or newer and start again.',
          cause: error,
        });
      }
    },
  };
}

/**
 * Builds a program into a folder. Go keeps its caches (some GB) beside the target, and they go when the build
 * is done.
 * @throws {Failure} ToolMissing, ToolFailed
 */
export async function buildGoProgram(
  program: Pick<GoProgram, 'package' | 'version'>,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  if (!findProgram('go', process.env.PATH ?? '')) throw new Failure('ToolMissing', 'Go is not installed');
  const caches = join(dirname(directory), 'go');
  const temporary = join(caches, 'tmp');
  await mkdir(temporary, { recursive: true });
  try {
    await runStep({
      command: 'go',
      args: ['install', '-trimpath', '-ldflags=-s -w', `${program.package}@${program.version}`],
      env: {
        GOBIN: directory,
        GOCACHE: join(caches, 'build'),
        GOMODCACHE: join(caches, 'modules'),
        GOTMPDIR: temporary,
        // Without it the module cache is read-only and cannot be removed.
        GOFLAGS: `${process.env.GOFLAGS ?? ''} -modcacherw`.trim(),
      },
      signal,
    });
  } finally {
    await rm(caches, { recursive: true, force: true });
  }
}
