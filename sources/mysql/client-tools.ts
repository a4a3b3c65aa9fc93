import { delimiter, isAbsolute, join } from 'node:path';
import { Failure } from '../../contracts/failures.ts';
import { captureProgram } from '../../programs/capture.ts';
import { findProgram } from '../../programs/find.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { type Flavour, flavourNames } from './server.ts';

/** The program that dumps databases. */
export interface DumpTool {
  /** Absolute path. */
  readonly command: string;
  readonly flavour: Flavour;
  /** "10.11.19". */
  readonly version: string;
}

export interface DumpToolRequest {
  readonly flavour: Flavour;
  /** Version of the server: "8.4.3". */
  readonly version: string;
  /** For the failure: "MySQL at db1:3306 is version 8.4.3". */
  readonly reason: string;
  /** Looks only there. */
  readonly binDir?: string;
  readonly host: ProgramHost;
  readonly signal: AbortSignal;
}

/** Where packages put programs beside the usual search path. */
const usualFolders = [
  '/usr/local/mysql/bin',
  '/opt/homebrew/opt/mysql-client/bin',
  '/opt/homebrew/opt/mariadb/bin',
];

/** Either name may be a link to a program of the other flavour: the program itself says which one it is. */
const programs = ['mariadb-dump', 'mysqldump'];

/**
 * Finds the dump program of the server's flavour: the two have grown apart, and a dump by the wrong one may not
 * be restorable. Of several the oldest that is as new as the server is taken.
 * @throws {Failure} ToolMissing naming what is needed and what was found
 */
export async function findDumpTool(request: DumpToolRequest): Promise<DumpTool> {
  const { binDir, host, signal } = request;
  const searched = [...host.searchPath.split(delimiter).filter(isAbsolute), ...usualFolders];
  const folders = binDir === undefined ? [...new Set(searched)] : [binDir];
  const found: DumpTool[] = [];
  for (const command of folders.flatMap((folder) => programs.map((program) => join(folder, program)))) {
    const tool = findProgram(command, '') === undefined ? undefined : await askVersion(command, host, signal);
    if (tool !== undefined) found.push(tool);
  }
  const best = bestOf(found, request);
  if (best !== undefined) return best;
  throw missingTool(request, found);
}

function bestOf(found: readonly DumpTool[], { flavour, version }: DumpToolRequest): DumpTool | undefined {
  const fitting = found
    .filter((tool) => tool.flavour === flavour)
    .sort((left, right) => compare(left.version, right.version));
  const newEnough = fitting.find((tool) => majorOf(tool.version) >= majorOf(version));
  // MariaDB's program reads newer servers too; MySQL's fails with statements that newer servers do not know.
  return newEnough ?? (flavour === 'mariadb' ? fitting.at(-1) : undefined);
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

function compare(left: string, right: string): number {
  const [one, other] = [left, right].map((version) => version.split('.').map(Number));
  for (const [index, number] of (one ?? []).entries()) {
    const difference = number - (other?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function askVersion(
  command: string,
  host: ProgramHost,
  signal: AbortSignal,
): Promise<DumpTool | undefined> {
  try {
    const args = ['--no-defaults', '--version'];
    const { stdout } = await captureProgram({ command, args, host, signal, timeoutMs: 30_000 });
    const text = stdout.toString();
    // "mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for …", "mariadb-dump from 11.4.2-MariaDB, client 10.19 …",
    // "mysqldump  Ver 8.4.3 for Linux on x86_64 (…)".
    const version =
      /(?:Distrib|from) (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? /Ver (\d+\.\d+\.\d+)/.exec(text)?.[1];
    if (version === undefined) return undefined;
    return { command, version, flavour: /mariadb/i.test(text) ? 'mariadb' : 'mysql' };
  } catch {
    signal.throwIfAborted();
    // A program that does not run, such as one whose libraries are missing, is none.
    return undefined;
  }
}

function missingTool(
  { flavour, version, reason, binDir }: DumpToolRequest,
  found: readonly DumpTool[],
): Failure {
  const wanted =
    flavour === 'mariadb' ? 'mariadb-dump' : `MySQL's own mysqldump of version ${majorOf(version)} or newer`;
  const list = found
    .map((tool) => `${flavourNames[tool.flavour]}'s of ${tool.version} as ${tool.command}`)
    .join(', ');
  const where = binDir === undefined ? '' : ` in ${binDir}`;
  const install =
    flavour === 'mariadb'
      ? 'the client programs of MariaDB (Debian: apt-get install mariadb-client)'
      : `the client programs of MySQL ${majorOf(version)} (package mysql-client of MySQL's own repository)`;
  return new Failure(
    'ToolMissing',
    `${reason}, and no ${wanted} was found${where}${list === '' ? '' : ` (only ${list})`}`,
    {
      advice: `Install ${install}, put them on the PATH of the worker, or name their folder as binDir of the source.`,
    },
  );
}
