import { z } from 'zod';
import { Failure } from '../../contracts/failures.ts';
import type { PreflightReport } from '../../contracts/jobs.ts';
import { type ProgramHost, programHost } from '../../programs/host.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import { describeSize } from '../produced-files.ts';
import type { CaptureContext, Source } from '../source.ts';
import { MysqlCapture } from './capture.ts';
import { type DumpTool, findDumpTool } from './client-tools.ts';
import { describeServer, type MysqlConnection } from './connection.ts';
import { missingRights } from './rights.ts';
import { flavourNames, inspectServer, type ServerFacts } from './server.ts';
import { MysqlSession } from './session.ts';

export interface MysqlSourceOptions {
  /** Name of the source: of the folder in the snapshot. */
  readonly name: string;
  readonly connection: MysqlConnection;
  /** Default: all of the server, found anew at each run. */
  readonly databases?: readonly string[];
  /** Patterns of databases that are left out: `test_*`. */
  readonly excludeDatabases?: readonly string[];
  /** Patterns of tables that are left out: `shop.sessions`. */
  readonly excludeTables?: readonly string[];
  /** Folder of mariadb-dump or mysqldump. Default: the best that is found. */
  readonly binDir?: string;
  /** Whether users and their rights are wanted. Default true: if they cannot be read, a warning tells so. */
  readonly users?: boolean;
  /** Default: what `programHost(process.env)` finds. */
  readonly host?: ProgramHost;
}

/** A source whose options are complete and whose server has been looked at. */
export interface ReadySource {
  readonly options: MysqlSourceOptions;
  readonly host: ProgramHost;
  readonly server: ServerFacts;
  readonly tool: DumpTool;
}

/** Logical backup of the databases of a MySQL or MariaDB server: a dump of each, the users, and what to compare. */
export function createMysqlSource(options: MysqlSourceOptions): Source {
  return new MysqlSource(options);
}

class MysqlSource implements Source {
  readonly kind = 'mysql';
  readonly paths: readonly string[];
  readonly #options: MysqlSourceOptions;
  readonly #closing = new AbortController();
  #capture: MysqlCapture | undefined;

  constructor(options: MysqlSourceOptions) {
    this.#options = options;
    this.paths = [`/${options.name}`];
  }

  async preflight(signal: AbortSignal): Promise<PreflightReport> {
    const { server } = await this.#prepare(signal);
    await this.#checkRights(server, signal);
    const expectedBytes = server.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const count = server.databases.length;
    const databases = count === 1 ? '1 database' : `${count} databases`;
    return {
      description: `${flavourNames[server.flavour]} ${server.version}, ${databases}, ${describeSize(expectedBytes)}`,
      expectedBytes,
    };
  }

  async *capture(context: CaptureContext): AsyncGenerator<Entry> {
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    const ready = await this.#prepare(signal);
    this.#capture = new MysqlCapture(ready, { ...context, signal });
    yield this.#capture.folder();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The source was closed'));
    await this.#capture?.finished();
  }

  async #prepare(signal: AbortSignal): Promise<ReadySource> {
    const { connection, databases, excludeDatabases, excludeTables, binDir } = this.#options;
    const { host = programHost(process.env) } = this.#options;
    const server = await inspectServer({
      connection,
      signal,
      ...(databases === undefined ? {} : { databases }),
      ...(excludeDatabases === undefined ? {} : { excludeDatabases }),
      ...(excludeTables === undefined ? {} : { excludeTables }),
    });
    const { flavour, version } = server;
    const tool = await findDumpTool({
      flavour,
      version,
      reason: `${flavourNames[flavour]} at ${describeServer(connection)} is version ${version}`,
      host,
      signal,
      ...(binDir === undefined ? {} : { binDir }),
    });
    return { options: this.#options, host, server, tool };
  }

  /** A dump passes over what its user may not see: that must be known before. */
  async #checkRights({ databases }: ServerFacts, signal: AbortSignal): Promise<void> {
    const { connection } = this.#options;
    const session = await MysqlSession.open(connection, signal);
    try {
      const rows = await session.rows(z.record(z.string(), z.string()), 'SHOW GRANTS');
      const grants = rows.flatMap((row) => Object.values(row));
      for (const { name } of databases) {
        const missing = missingRights(grants, name);
        if (missing.length === 0) continue;
        throw new Failure(
          'SourceAuthentication',
          `The user ${connection.user} lacks rights on the database "${name}" at ${describeServer(connection)}: ${missing.join(', ')}`,
          {
            advice: `Grant them: GRANT ${missing.join(', ')} ON *.* TO the user of the backup (docs/mysql.md).`,
          },
        );
      }
    } finally {
      await session.close();
    }
  }
}
