import type { ProgramHost } from '../../programs/host.ts';
import { largeOutputBuffer } from '../../programs/output-buffer.ts';
import { type RunningProgram, runProgram } from '../../programs/run.ts';
import type { DumpTool } from './client-tools.ts';
import type { MysqlConnection } from './connection.ts';
import { DumpInspector, type FinishedDump } from './dump-inspector.ts';
import { RowScanner } from './inserts/row-scanner.ts';
import { optionFile } from './option-file.ts';
import { programFailure } from './program-errors.ts';
import type { ServerFacts } from './server.ts';

export interface DumpContext {
  readonly connection: MysqlConnection;
  readonly server: Pick<ServerFacts, 'isEncrypted' | 'hasPosition'>;
  readonly tool: DumpTool;
  readonly host: ProgramHost;
  readonly signal: AbortSignal;
}

export interface DumpRequest {
  readonly database: string;
  readonly excludedTables?: readonly string[];
  /** Rows alone, for a comparison. Default: all of the database. */
  readonly rowsOnly?: boolean;
}

/** Longest statement that the program makes, unless a row is longer; we make others of its rows. */
const programStatementBytes = 1_048_576;

/**
 * The dump of one database as one transaction sees it, as SQL. It ends only when the program has succeeded
 * and the dump has its trailer; its return value is what is known of it then. The position in the binary log
 * is told, not stored, so that an unchanged database is the same bytes at each run. Each piece is valid until the next
 * one is asked for.
 *
 * @throws {Failure} SourceUnreachable, SourceAuthentication, SourceMissing, Stalled, ToolFailed
 */
export async function* dumpDatabase(
  context: DumpContext,
  request: DumpRequest,
): AsyncGenerator<Buffer, FinishedDump, undefined> {
  const { tool, host, signal } = context;
  const inspector = new DumpInspector(await RowScanner.create());
  let program: RunningProgram | undefined;
  try {
    program = runProgram({
      command: tool.command,
      args: dumpArguments(context, request),
      secretFileArguments: {
        '--defaults-file=': optionFile(context.connection, { ...context.server, ...tool }),
      },
      env: largeOutputBuffer(),
      secrets: context.connection.password === undefined ? [] : [context.connection.password],
      host,
      signal,
    });
    for await (const chunk of program.stdout) {
      const passed = inspector.feed(chunk);
      if (passed.length > 0) yield passed;
    }
    const { tail, ...finished } = inspector.finish();
    if (tail.length > 0) yield tail;
    return finished;
  } catch (error) {
    throw programFailure(`The dump of the database "${request.database}"`, error);
  } finally {
    // A reader that gives up has destroyed the output; the program may need a moment to end.
    await program?.completed.catch(() => {});
  }
}

function dumpArguments(
  { tool, server }: DumpContext,
  { database, excludedTables = [], rowsOnly = false }: DumpRequest,
): readonly string[] {
  return [
    '--single-transaction',
    '--quick',
    '--hex-blob',
    '--order-by-primary',
    '--default-character-set=utf8mb4',
    '--no-tablespaces',
    '--skip-dump-date',
    '--skip-add-locks',
    '--no-autocommit',
    `--net-buffer-length=${programStatementBytes}`,
    '--max-allowed-packet=1G',
    ...(rowsOnly ? ['--no-create-info', '--skip-triggers'] : ['--routines', '--events', '--triggers']),
    ...(tool.flavour === 'mysql' ? ['--set-gtid-purged=OFF', '--column-statistics=0'] : []),
    ...(server.hasPosition && !rowsOnly ? [positionOption(tool)] : []),
    ...excludedTables.map((table) => `--ignore-table=${database}.${table}`),
    // What follows is a name, whatever it begins with.
    '--',
    database,
  ];
}

/** MySQL renamed the option in 8.0.26, and has dropped the old name since. As a comment, it changes nothing at a restore. */
function positionOption({ flavour, version }: DumpTool): string {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const isOld = major < 8 || (major === 8 && minor === 0 && patch < 26);
  return flavour === 'mariadb' || isOld ? '--master-data=2' : '--source-data=2';
}
