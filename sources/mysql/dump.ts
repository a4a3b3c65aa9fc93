import { Failure } from '../../contracts/failures.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { largeOutputBuffer } from '../../programs/output-buffer.ts';
import { type RunningProgram, runProgram } from '../../programs/run.ts';
import type { DumpTool } from './client-tools.ts';
import type { MysqlConnection } from './connection.ts';
import { InsertStatements } from './insert-statements.ts';
import { optionFile } from './option-file.ts';
import { programFailure } from './program-errors.ts';
import type { RowMeasure } from './rows.ts';
import type { ServerFacts } from './server.ts';
import { type DumpPiece, StatementSplitter } from './statements.ts';

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

/** Where the binary log stood at the moment of the dump. */
export interface LogPosition {
  readonly file: string;
  readonly position: number;
  /** Of MariaDB: "0-1-20". */
  readonly gtid?: string;
}

export interface FinishedDump {
  readonly bytes: number;
  readonly rows: RowMeasure;
  readonly position?: LogPosition;
}

/** Longest statement that the program makes, unless a row is longer; we make others of its rows. */
const programStatementBytes = 16_384;

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
  const inspector = new DumpInspector();
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

const positionPattern =
  /^-- CHANGE (?:MASTER|REPLICATION SOURCE) TO (?:MASTER|SOURCE)_LOG_FILE='([^']*)', (?:MASTER|SOURCE)_LOG_POS=(\d+)/;
const gtidPattern = /^-- SET GLOBAL gtid_slave_pos='([^']*)'/;

/** Follows a dump as it passes by, takes its measure, and knows at its end whether it is whole. */
class DumpInspector {
  readonly #splitter = new StatementSplitter();
  readonly #statements = new InsertStatements();
  #bytes = 0;
  #isComplete = false;
  #position: Omit<LogPosition, 'gtid'> | undefined;
  #gtid: string | undefined;

  /** What is to be stored of the pieces that these bytes complete; valid until the next call. */
  feed(chunk: Buffer): Buffer {
    return this.#pass(this.#splitter.feed(chunk));
  }

  /**
   * What is left to be stored, and what is known.
   * @throws {Failure} ToolFailed if the dump ends before its end
   */
  finish(): FinishedDump & { readonly tail: Buffer } {
    const pieces = this.#splitter.finish();
    let unfinished: Buffer | undefined;
    const tail = this.#pass({
      *[Symbol.iterator]() {
        unfinished = yield* pieces;
      },
    });
    if (unfinished !== undefined || !this.#isComplete) throw cutDump();
    const gtid = this.#gtid === undefined ? {} : { gtid: this.#gtid };
    const position = this.#position === undefined ? {} : { position: { ...this.#position, ...gtid } };
    return { tail, bytes: this.#bytes, rows: this.#statements.rows, ...position };
  }

  #pass(pieces: Iterable<DumpPiece>): Buffer {
    for (const piece of pieces) if (this.#look(piece)) this.#statements.add(piece);
    const passed = this.#statements.take();
    this.#bytes += passed.length;
    return passed;
  }

  /** Whether the piece is to be stored. */
  #look({ kind, text }: DumpPiece): boolean {
    this.#isComplete = false;
    if (kind !== 'comment') return true;
    const line = text.toString('latin1');
    this.#isComplete = line.startsWith('-- Dump completed');
    const [, file, position] = positionPattern.exec(line) ?? [];
    if (file !== undefined) this.#position = { file, position: Number(position) };
    const gtid = gtidPattern.exec(line)?.[1];
    this.#gtid ??= gtid;
    return file === undefined && gtid === undefined;
  }
}

function cutDump(): Failure {
  return new Failure('ToolFailed', 'The dump is not whole: its last line "Dump completed" is missing', {
    advice: 'The step is tried again. If this repeats, run the dump program by hand to see what ends it.',
  });
}
