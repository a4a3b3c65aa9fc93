import { Failure, isFailure } from '../../contracts/failures.ts';
import type { DirectoryEntry, Entry, StreamEntry } from '../../repository/archive/entry.ts';
import { manifestFile } from '../describing-files.ts';
import { lendingStreamOf, ProducedFiles } from '../produced-files.ts';
import type { CaptureContext } from '../source.ts';
import { type DumpContext, dumpDatabase } from './dump.ts';
import { restoreInstructions } from './instructions.ts';
import {
  type DatabaseManifest,
  dumpFile,
  encodeManifest,
  instructionsFile,
  type ManifestContent,
  usersFile,
} from './manifest.ts';
import type { DatabaseFacts } from './server.ts';
import { MysqlSession } from './session.ts';
import type { ReadySource } from './source.ts';
import { changedTables, type DatabaseStructure, readStructure } from './structure.ts';
import { dumpUsers } from './users.ts';

/** One run over a server. Each database is dumped as one moment saw it; the moments differ. */
export class MysqlCapture {
  readonly #source: ReadySource;
  readonly #context: CaptureContext;
  readonly #files = new ProducedFiles();
  readonly #manifests: Promise<DatabaseManifest>[] = [];
  readonly #dumps = new Set<Promise<void>>();

  constructor(source: ReadySource, context: CaptureContext) {
    this.#source = source;
    this.#context = context;
  }

  folder(): DirectoryEntry {
    return this.#files.folder(this.#source.options.name, () => this.#children());
  }

  /** Resolves when no session or program is left; the signal of the context must have been aborted. */
  async finished(): Promise<void> {
    await Promise.all(this.#dumps);
  }

  async *#children(): AsyncGenerator<Entry> {
    const { server } = this.#source;
    const users = await this.#users();
    if (users !== undefined) yield this.#files.file(usersFile, async () => users);
    for (const database of server.databases) {
      this.#warnOfUnprotected(database);
      yield this.#dump(database);
    }
    const manifest = async (): Promise<ManifestContent> => ({
      source: this.#source.options.name,
      server: { flavour: server.flavour, version: server.version, major: server.major },
      ...(users === undefined ? {} : { users: { file: usersFile } }),
      databases: await Promise.all(this.#manifests),
    });
    yield this.#files.file(manifestFile, async () => encodeManifest(await manifest()));
    yield this.#files.file(instructionsFile, async () => Buffer.from(restoreInstructions(await manifest())));
  }

  async #users(): Promise<Buffer | undefined> {
    const { options, server } = this.#source;
    if (options.users === false) return undefined;
    const session = await MysqlSession.open(options.connection, this.#context.signal);
    try {
      return await dumpUsers(session, server.flavour);
    } catch (error) {
      if (!isFailure(error, 'SourceAuthentication')) throw error;
      this.#context.warn({
        subject: usersFile,
        message: `The users and their rights are left out: the user ${options.connection.user} may not read them`,
      });
      return undefined;
    } finally {
      await session.close();
    }
  }

  #warnOfUnprotected({ name, unprotectedTables }: DatabaseFacts): void {
    if (unprotectedTables.length === 0) return;
    const tables = unprotectedTables.map((table) => JSON.stringify(table)).join(', ');
    this.#context.warn({
      subject: name,
      message: `These tables know no transactions, so that what is written to them during the dump may be in it in part: ${tables}`,
    });
  }

  #dump(database: DatabaseFacts): StreamEntry {
    return this.#files.stream(dumpFile(database.name), () => {
      const described = Promise.withResolvers<DatabaseManifest>();
      described.promise.catch(() => {});
      this.#manifests.push(described.promise);
      return lendingStreamOf(this.#dumpOf(database, described), this.#context.signal);
    });
  }

  async *#dumpOf(
    database: DatabaseFacts,
    described: PromiseWithResolvers<DatabaseManifest>,
  ): AsyncGenerator<Buffer> {
    const ended = Promise.withResolvers<void>();
    this.#dumps.add(ended.promise);
    try {
      described.resolve(yield* this.#dumpBetweenLooks(database));
    } catch (error) {
      described.reject(error);
      const wanted = this.#source.options.databases !== undefined;
      if (wanted || !isFailure(error, 'SourceMissing')) throw error;
      // It was there a moment ago: another attempt will not look for it.
      throw new Failure(
        'SourceUnreachable',
        `The database "${database.name}" was dropped during the backup`,
        {
          advice: 'The backup is tried again, without that database.',
          cause: error,
        },
      );
    } finally {
      // Without effect unless the reader has given up.
      described.reject(new Error('The dump was given up'));
      ended.resolve();
    }
  }

  async *#dumpBetweenLooks(database: DatabaseFacts): AsyncGenerator<Buffer, DatabaseManifest> {
    const { options, server, tool, host } = this.#source;
    const { name, excludedTables, sizeBytes, characterSet, collation } = database;
    const context: DumpContext = {
      connection: options.connection,
      server,
      tool,
      host,
      signal: this.#context.signal,
    };
    const capturedAt = new Date().toISOString();
    const before = await this.#structure(database);
    const { bytes, rows, position } = yield* dumpDatabase(context, { database: name, excludedTables });
    const after = await this.#structure(database);
    this.#warnOfChanges(name, before, after);
    return {
      name,
      file: dumpFile(name),
      capturedAt,
      sizeBytes,
      characterSet,
      collation,
      dump: { program: tool.version, bytes },
      ...(position === undefined ? {} : { position }),
      tables: [...before.tables.keys()].map((table) => ({ name: table, ...rows.of(table) })),
      objects: before.objects,
      definers: [...before.definers],
      excludedTables: [...excludedTables],
    };
  }

  async #structure({ name, excludedTables }: DatabaseFacts): Promise<DatabaseStructure> {
    const session = await MysqlSession.open(this.#source.options.connection, this.#context.signal);
    try {
      return await readStructure(session, name, excludedTables);
    } finally {
      await session.close();
    }
  }

  #warnOfChanges(database: string, before: DatabaseStructure, after: DatabaseStructure): void {
    const changed = changedTables(before, after).map((table) => JSON.stringify(table));
    if (changed.length === 0) return;
    this.#context.warn({
      subject: database,
      message: `These tables were altered or emptied during the dump, so that they may be of another moment than the rest: ${changed.join(', ')}`,
    });
  }
}
