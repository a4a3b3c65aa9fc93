import type { PreflightReport } from '../../contracts/jobs.ts';
import { type ProgramHost, programHost } from '../../programs/host.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import { describeSize } from '../produced-files.ts';
import type { CaptureContext, Source } from '../source.ts';
import { PostgresCapture } from './capture.ts';
import { type ClientTools, findClientTools } from './client-tools.ts';
import { describeServer, type PostgresConnection } from './connection.ts';
import type { DumpSelection } from './dump-selection.ts';
import { inspectServer, type ServerFacts } from './server.ts';

export interface PostgresSourceOptions {
  /** Name of the source: of the folder in the snapshot. */
  readonly name: string;
  readonly connection: PostgresConnection;
  /** Default: all of the server but template0 and template1. */
  readonly databases?: readonly string[];
  /** Names of databases that are left out, with the wildcards * and ?. */
  readonly excludeDatabases?: readonly string[];
  /** Folder of pg_dump and its kin. Default: the best that is found. */
  readonly binDir?: string;
  /**
   * Whether the hashes of the roles' passwords are wanted. Default true: if they cannot be read, a warning
   * tells so.
   */
  readonly rolePasswords?: boolean;
  /** What is taken of each database. Default: everything. */
  readonly selection?: DumpSelection;
  /** Programs that dump a database at the same time. Default: 2. */
  readonly jobs?: number;
  /** Tables from this size on get a program of their own. */
  readonly largeTableBytes?: number;
  /** Longest wait of pg_dump for its locks, in ms; only a change of structure holds them up. Default: one minute. */
  readonly lockTimeoutMs?: number;
  /** Default: what `programHost(process.env)` finds. */
  readonly host?: ProgramHost;
}

/** A source whose options are complete and whose server has been looked at. */
export interface ReadySource {
  readonly options: PostgresSourceOptions;
  readonly host: ProgramHost;
  readonly server: ServerFacts;
  readonly tools: ClientTools;
}

/** Logical backup of the databases of a PostgreSQL server: a dump of each, the roles, and what to compare. */
export function createPostgresSource(options: PostgresSourceOptions): Source {
  return new PostgresSource(options);
}

class PostgresSource implements Source {
  readonly kind = 'postgres';
  readonly paths: readonly string[];
  readonly #options: PostgresSourceOptions;
  readonly #closing = new AbortController();
  #capture: PostgresCapture | undefined;

  constructor(options: PostgresSourceOptions) {
    this.#options = options;
    this.paths = [`/${options.name}`];
  }

  async preflight(signal: AbortSignal): Promise<PreflightReport> {
    const { server } = await this.#prepare(signal);
    const expectedBytes = server.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const count = server.databases.length;
    const databases = count === 1 ? '1 database' : `${count} databases`;
    return {
      description: `PostgreSQL ${server.version}, ${databases}, ${describeSize(expectedBytes)}`,
      expectedBytes,
    };
  }

  async *capture(context: CaptureContext): AsyncGenerator<Entry> {
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    const ready = await this.#prepare(signal);
    this.#capture = new PostgresCapture(ready, { ...context, signal });
    yield this.#capture.folder();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The source was closed'));
    await this.#capture?.finished();
  }

  async #prepare(signal: AbortSignal): Promise<ReadySource> {
    const {
      connection,
      databases,
      excludeDatabases,
      binDir,
      host = programHost(process.env),
    } = this.#options;
    const server = await inspectServer({
      connection,
      signal,
      ...(databases === undefined ? {} : { databases }),
      ...(excludeDatabases === undefined ? {} : { excludeDatabases }),
    });
    const tools = await findClientTools({
      major: server.major,
      reason: `PostgreSQL at ${describeServer(connection)} is version ${server.version}`,
      host,
      signal,
      ...(binDir === undefined ? {} : { binDir }),
    });
    return { options: this.#options, host, server, tools };
  }
}
