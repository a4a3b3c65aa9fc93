import { Failure, isFailure } from '../../contracts/failures.ts';
import type { DirectoryEntry, Entry } from '../../repository/archive/entry.ts';
import { manifestFile } from '../describing-files.ts';
import { lendingStreamOf, ProducedFiles } from '../produced-files.ts';
import type { CaptureContext } from '../source.ts';
import { describeServer } from './connection.ts';
import { DatabaseCapture } from './database-capture.ts';
import type { ProgramContext } from './dump.ts';
import { dumpFolder, globalsFile, instructionsFile } from './file-names.ts';
import { dumpGlobals } from './globals.ts';
import { restoreInstructions } from './instructions.ts';
import { encodeManifest, type ManifestContent } from './manifest.ts';
import type { DatabaseSize } from './server.ts';
import { defaultLockTimeoutMs } from './session.ts';
import type { ReadySource } from './source.ts';

/** Programs that dump a database at the same time. */
const defaultJobs = 2;

/** One run over a server. Each database is dumped as one moment saw it; the moments differ. */
export class PostgresCapture {
  readonly #source: ReadySource;
  readonly #context: CaptureContext;
  readonly #programs: ProgramContext;
  readonly #files = new ProducedFiles();
  readonly #databases: DatabaseCapture[] = [];

  constructor(source: ReadySource, context: CaptureContext) {
    const { options, tools, host } = source;
    this.#source = source;
    this.#context = context;
    const { connection, lockTimeoutMs = defaultLockTimeoutMs } = options;
    this.#programs = { connection, tools, host, lockTimeoutMs, signal: context.signal };
  }

  folder(): DirectoryEntry {
    return this.#files.folder(this.#source.options.name, () => this.#children());
  }

  /** Resolves when no session or program is left; the signal of the context must have been aborted. */
  async finished(): Promise<void> {
    await Promise.all(this.#databases.map((database) => database.stop()));
  }

  *#children(): Generator<Entry> {
    this.#reportClosedDatabases();
    yield this.#files.file(globalsFile, () => this.#globals());
    for (const database of this.#source.server.databases) yield this.#dump(database);
    yield this.#files.file(manifestFile, async () => encodeManifest(await this.#manifest()));
    yield this.#files.file(instructionsFile, async () =>
      Buffer.from(restoreInstructions(await this.#manifest())),
    );
  }

  #reportClosedDatabases(): void {
    const { options, server } = this.#source;
    for (const name of server.closedDatabases) {
      const message = `The user ${options.connection.user} may not connect to the database "${name}"`;
      if (options.databases !== undefined) {
        throw new Failure('SourceAuthentication', `${message} at ${describeServer(options.connection)}`, {
          advice: 'Grant CONNECT on the database to the user, or take it off the list.',
        });
      }
      this.#context.warn({ subject: name, message: `${message}: it is not backed up` });
    }
  }

  async #globals(): Promise<Buffer> {
    const withPasswords = this.#includesPasswords();
    if (!withPasswords && this.#source.options.rolePasswords !== false) {
      const { user } = this.#source.options.connection;
      this.#context.warn({
        subject: globalsFile,
        message: `The passwords of the roles are left out: the user ${user} may not read pg_authid`,
      });
    }
    return dumpGlobals(this.#programs, withPasswords);
  }

  #includesPasswords(): boolean {
    const { options, server } = this.#source;
    return server.passwordsReadable && options.rolePasswords !== false;
  }

  #dump(database: DatabaseSize): DirectoryEntry {
    return this.#files.folder(dumpFolder(database.name), () => this.#filesOf(database));
  }

  async *#filesOf(database: DatabaseSize): AsyncGenerator<Entry> {
    const { jobs = defaultJobs, selection = {}, largeTableBytes } = this.#source.options;
    const choice = { jobs, selection, ...(largeTableBytes !== undefined && { largeTableBytes }) };
    const capture = new DatabaseCapture(this.#programs, { database, choice }, this.#context);
    this.#databases.push(capture);
    try {
      for await (const { name, content } of capture.files()) {
        yield this.#files.stream(name, () => lendingStreamOf(content, this.#context.signal));
      }
    } catch (error) {
      throw this.#asFailure(error, database);
    }
  }

  #asFailure(error: unknown, { name }: DatabaseSize): unknown {
    const wanted = this.#source.options.databases !== undefined;
    if (wanted || !isFailure(error, 'SourceMissing')) return error;
    // It was there a moment ago: another attempt will not look for it.
    return new Failure('SourceUnreachable', `The database "${name}" was dropped during the backup`, {
      advice: 'The backup is tried again, without that database.',
      cause: error,
    });
  }

  async #manifest(): Promise<ManifestContent> {
    const { options, server } = this.#source;
    return {
      source: options.name,
      server: { version: server.version, major: server.major },
      globals: { file: globalsFile, passwords: this.#includesPasswords() },
      databases: await Promise.all(this.#databases.map(({ manifest }) => manifest)),
    };
  }
}
