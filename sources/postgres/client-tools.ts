import { readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { Failure } from '../../contracts/failures.ts';
import { captureProgram } from '../../programs/capture.ts';
import { findProgram } from '../../programs/find.ts';
import type { ProgramHost } from '../../programs/host.ts';

/** The client programs of one version of PostgreSQL. */
export interface ClientTools {
  readonly folder: string;
  readonly major: number;
  /** "17.11". */
  readonly version: string;
}

export interface ClientToolsRequest {
  /** The oldest major version that will do: that of the server, or of the program that wrote a dump. */
  readonly major: number;
  /** For the failure: "The server at db1:5432 runs PostgreSQL 17.11". */
  readonly reason: string;
  /** Looks only there. */
  readonly binDir?: string;
  readonly host: ProgramHost;
  readonly signal: AbortSignal;
}

const programs = ['pg_dump', 'pg_dumpall', 'pg_restore'];

/** Folders of each version, as Debian, Red Hat and Homebrew lay them out. */
const versionedFolders = [
  { parent: '/usr/lib/postgresql', pattern: /^\d+$/ },
  { parent: '/usr', pattern: /^pgsql-\d+$/ },
  { parent: '/opt/homebrew/opt', pattern: /^postgresql@\d+$/ },
  { parent: '/usr/local/opt', pattern: /^postgresql@\d+$/ },
];

/**
 * Finds the programs that fit best: the oldest that are new enough, since a dump of newer programs may not
 * be restorable into the server's own version.
 * @throws {Failure} ToolMissing naming what is needed and what was found
 */
export async function findClientTools(request: ClientToolsRequest): Promise<ClientTools> {
  const { binDir, host, signal } = request;
  const folders = binDir === undefined ? await usualFolders(host.searchPath) : [binDir];
  const found: ClientTools[] = [];
  for (const folder of folders) {
    const tools = await toolsIn(folder, host, signal);
    if (tools !== undefined) found.push(tools);
  }
  const fitting = found.filter((tools) => tools.major >= request.major);
  const best = fitting.sort((left, right) => left.major - right.major)[0];
  if (best !== undefined) return best;
  throw missingTools(request, found);
}

async function usualFolders(searchPath: string): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const { parent, pattern } of versionedFolders) {
    const names = await readdir(parent).catch(() => []);
    folders.push(...names.filter((name) => pattern.test(name)).map((name) => join(parent, name, 'bin')));
  }
  // Last, because Debian's /usr/bin/pg_dump is a wrapper that chooses a version by its own rules.
  return [...folders, ...searchPath.split(delimiter).filter(isAbsolute)];
}

async function toolsIn(
  folder: string,
  host: ProgramHost,
  signal: AbortSignal,
): Promise<ClientTools | undefined> {
  if (programs.some((program) => findProgram(join(folder, program), '') === undefined)) return undefined;
  const command = join(folder, 'pg_dump');
  try {
    const { stdout } = await captureProgram({
      command,
      args: ['--version'],
      host,
      signal,
      timeoutMs: 30_000,
    });
    // "pg_dump (PostgreSQL) 17.11 (Debian 17.11-1)".
    const version = /\)\s+(\d+(?:\.\d+|devel|beta\d+|rc\d+)?)/.exec(stdout.toString())?.[1];
    return version === undefined ? undefined : { folder, version, major: Number.parseInt(version, 10) };
  } catch {
    signal.throwIfAborted();
    // A program that does not run, such as one whose libraries are missing, is none.
    return undefined;
  }
}

function missingTools({ major, reason, binDir }: ClientToolsRequest, found: readonly ClientTools[]): Failure {
  const list = found.map((tools) => `${tools.version} in ${tools.folder}`).join(', ');
  const where = binDir === undefined ? '' : ` in ${binDir}`;
  return new Failure(
    'ToolMissing',
    `${reason}, and no pg_dump, pg_dumpall and pg_restore of version ${major} or newer were found${where}` +
      (list === '' ? '' : ` (only ${list})`),
    {
      advice: `Install the client programs of PostgreSQL ${major} (Debian: apt-get install postgresql-client-${major}), put them on the PATH of the worker, or name their folder as binDir of the source.`,
    },
  );
}
