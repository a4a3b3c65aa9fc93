import { join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { unpackDebianPackage } from './debian-package.ts';
import { ensureGoProgram } from './go-program.ts';
import { runStep } from './step.ts';
import { compareVersions, versionIn } from './versions.ts';

/** The oldest restic that knows format version 2, and the one that bytes are compared with. */
export type ResticVersion = '0.14.0' | '0.19.1';

/**
 * Debian releases with each version. `sid` moves on, so a later version than 0.19.1 is taken for it; the
 * program itself says which one it is.
 */
const suites: Readonly<Record<ResticVersion, { readonly suite: string; readonly orLater: boolean }>> = {
  '0.14.0': { suite: 'bookworm', orLater: false },
  '0.19.1': { suite: 'sid', orLater: true },
};

/**
 * Path of a restic of the wanted version: from the PATH, or from Debian's archive.
 * @throws {Failure} ToolMissing
 */
export async function ensureRestic(version: ResticVersion, options: ToolOptions = {}): Promise<string> {
  const signal = options.signal ?? new AbortController().signal;
  const onPath = findProgram('restic', process.env.PATH ?? '');
  if (onPath && (await isWanted(onPath, version, signal))) return onPath;
  return join(await ensureInstalled(recipe(version), options), 'usr', 'bin', 'restic');
}

/**
 * Path of a restic 0.19.1 with every store: Debian builds its own without Azure.
 * @throws {Failure} ToolMissing
 */
export function ensureCompleteRestic(options: ToolOptions = {}): Promise<string> {
  const program = { package: 'github.com/restic/restic/cmd/restic', version: 'v0.19.1' };
  return ensureGoProgram({ name: 'restic-all-stores', ...program }, options);
}

function recipe(version: ResticVersion): ToolRecipe {
  const { suite } = suites[version];
  return {
    name: 'restic',
    version,
    notice: `Downloading restic ${version} from Debian ${suite}`,
    install: async (directory, signal) => {
      try {
        await unpackDebianPackage({ package: 'restic', suite }, directory, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw missing(version, error);
      }
      if (await isWanted(join(directory, 'usr', 'bin', 'restic'), version, signal)) return;
      throw missing(version, new Error(`Debian ${suite} has another version`));
    },
  };
}

async function isWanted(path: string, version: ResticVersion, signal: AbortSignal): Promise<boolean> {
  const text = await runStep({ command: path, args: ['version'], signal }).catch(() => '');
  const found = versionIn(text);
  if (found === undefined) return false;
  return suites[version].orLater ? compareVersions(found, version) >= 0 : found === version;
}

function missing(version: ResticVersion, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure('ToolMissing', `restic ${version} is missing and could not be downloaded: ${reason}`, {
    advice: `Put restic ${version} on the PATH.`,
    cause,
  });
}
