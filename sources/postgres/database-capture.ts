import type { CaptureContext } from '../source.ts';
import { whileWatched } from './activity.ts';
import { type DatabaseContent, measureContent, readSequences, type SequenceState } from './content.ts';
import { type DatabaseFacts, readDatabaseFacts } from './database-facts.ts';
import { dumpDatabase, type FinishedDump, type ProgramContext } from './dump.ts';
import { dumpFile } from './file-names.ts';
import type { DatabaseManifest } from './manifest.ts';
import type { DatabaseSize } from './server.ts';
import type { PostgresSession } from './session.ts';
import { type DatabaseSnapshot, takeSnapshot } from './snapshot.ts';

/** The dump of one database and what is to be known of it, both of the same moment. */
export class DatabaseCapture {
  /** Settles when the dump has been read to its end, or has failed. May be left unhandled. */
  readonly manifest: Promise<DatabaseManifest>;
  readonly #programs: ProgramContext;
  readonly #database: DatabaseSize;
  readonly #onActivity: (what: string) => void;
  readonly #described = Promise.withResolvers<DatabaseManifest>();
  #finished: Promise<void> = Promise.resolve();

  constructor(
    programs: ProgramContext,
    database: DatabaseSize,
    { onActivity = () => {} }: Pick<CaptureContext, 'onActivity'>,
  ) {
    this.#programs = programs;
    this.#onActivity = onActivity;
    this.#database = database;
    this.manifest = this.#described.promise;
    this.manifest.catch(() => {});
  }

  /**
   * The bytes of the dump. They end when the database has been measured too: then all of its backup is known
   * to be right.
   * @throws {Failure} as `takeSnapshot` and `dumpDatabase`
   */
  async *dump(): AsyncGenerator<Buffer> {
    const finished = Promise.withResolvers<void>();
    this.#finished = finished.promise;
    const { connection, signal } = this.#programs;
    try {
      const snapshot = await takeSnapshot(connection, this.#database.name, signal);
      try {
        this.#described.resolve(yield* this.#dumpSnapshot(snapshot));
      } finally {
        await snapshot.session.close();
      }
    } catch (error) {
      this.#described.reject(error);
      throw error;
    } finally {
      // Without effect unless the reader has given up.
      this.#described.reject(new Error('The dump was given up'));
      finished.resolve();
    }
  }

  /** Resolves when no session or program of the dump is left. */
  async finished(): Promise<void> {
    await this.#finished;
  }

  async *#dumpSnapshot(snapshot: DatabaseSnapshot): AsyncGenerator<Buffer, DatabaseManifest> {
    const description = describeDatabase(snapshot.session);
    // A failed query ends the transaction that pg_dump's view hangs on.
    const failed = new AbortController();
    description.catch((error: unknown) => failed.abort(error));
    const signal = AbortSignal.any([this.#programs.signal, failed.signal]);
    const dump = yield* dumpDatabase({ ...this.#programs, signal }, snapshot);
    const watched = { ...this.#programs, database: this.#database.name, report: this.#onActivity };
    const described = await whileWatched(watched, () => description);
    const after = await readSequences(snapshot.session);
    return this.#manifestOf(snapshot.takenAt, dump, { ...described, after });
  }

  #manifestOf(
    capturedAt: string,
    { owners, bytes, formatVersion, structureChecked, objects }: FinishedDump,
    { facts, content, before, after }: Description & { readonly after: readonly SequenceState[] },
  ): DatabaseManifest {
    const { tools } = this.#programs;
    const { name, sizeBytes } = this.#database;
    return {
      name,
      file: dumpFile(name),
      capturedAt,
      sizeBytes,
      properties: facts.properties,
      extensions: [...facts.extensions],
      dump: {
        program: tools.version,
        programMajor: tools.major,
        formatVersion,
        structureChecked,
        bytes,
        objects,
      },
      roles: { owners: [...owners], grantees: [...facts.grantees], inPolicies: [...facts.policyRoles] },
      tablespaces: [...facts.tablespaces],
      tables: [...content.tables],
      sequences: before.flatMap((state, index) => {
        const later = after[index];
        return later === undefined ? [] : [{ before: state, after: later }];
      }),
      largeObjects: content.largeObjects,
      objects: content.objects,
    };
  }
}

interface Description {
  readonly facts: DatabaseFacts;
  readonly before: readonly SequenceState[];
  readonly content: DatabaseContent;
}

/** Runs while pg_dump does, in the session whose transaction it shares the view of. */
async function describeDatabase(session: PostgresSession): Promise<Description> {
  const facts = await readDatabaseFacts(session);
  const before = await readSequences(session);
  return { facts, before, content: await measureContent(session) };
}
