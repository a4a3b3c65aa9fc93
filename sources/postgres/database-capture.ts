import type { CaptureContext } from '../source.ts';
import type { Toc } from './archive/toc.ts';
import {
  countObjects,
  type DataTable,
  readSequences,
  readTables,
  type SequenceState,
  type TableContent,
} from './content.ts';
import { DatabaseDump, type DumpFile, type FinishedDump } from './database-dump.ts';
import { type DatabaseFacts, readDatabaseFacts } from './database-facts.ts';
import type { ProgramContext } from './dump.ts';
import { type DumpSelection, isPart, selectionArgs } from './dump-selection.ts';
import { dumpFolder } from './file-names.ts';
import { type GroupOptions, groupTables } from './large-tables.ts';
import type { DatabaseManifest } from './manifest.ts';
import type { DatabaseSize } from './server.ts';
import type { PostgresSession } from './session.ts';
import { type DatabaseSnapshot, takeSnapshot } from './snapshot.ts';

export interface CaptureChoice extends GroupOptions {
  readonly selection: DumpSelection;
}

/** The dump of one database and what is to be known of it, both of the same moment. */
export class DatabaseCapture {
  /** Settles when the dump has been read to its end, or has failed. May be left unhandled. */
  readonly manifest: Promise<DatabaseManifest>;
  readonly #programs: ProgramContext;
  readonly #database: DatabaseSize;
  readonly #choice: CaptureChoice;
  readonly #onActivity: (what: string) => void;
  readonly #described = Promise.withResolvers<DatabaseManifest>();
  #running: AsyncGenerator<DumpFile> | undefined;

  constructor(
    programs: ProgramContext,
    { database, choice }: { readonly database: DatabaseSize; readonly choice: CaptureChoice },
    { onActivity = () => {} }: Pick<CaptureContext, 'onActivity'>,
  ) {
    this.#programs = programs;
    this.#database = database;
    this.#choice = choice;
    this.#onActivity = onActivity;
    this.manifest = this.#described.promise;
    this.manifest.catch(() => {});
  }

  /**
   * The files of the dump. They end when all of them are known to be right.
   * @throws {Failure} as `takeSnapshot` and `DatabaseDump`
   */
  files(): AsyncGenerator<DumpFile> {
    this.#running = this.#run();
    return this.#running;
  }

  async *#run(): AsyncGenerator<DumpFile> {
    const { connection, signal } = this.#programs;
    try {
      const snapshot = await takeSnapshot(connection, this.#database.name, signal);
      try {
        await snapshot.session.run(`SET LOCAL lock_timeout = ${this.#programs.lockTimeoutMs}`);
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
    }
  }

  /** Gives the dump up, and resolves when no session or program of it is left. */
  async stop(): Promise<void> {
    await this.#running?.return(undefined).catch(() => {});
  }

  async *#dumpSnapshot(snapshot: DatabaseSnapshot): AsyncGenerator<DumpFile, DatabaseManifest> {
    const { session } = snapshot;
    const { selection } = this.#choice;
    this.#onActivity(`${this.#database.name}: reading the catalogs`);
    const described = await describeDatabase(session);
    // Programs of their own for some tables know nothing of what was chosen.
    const groups = isPart(selection) ? [] : await groupTables(session, this.#choice);
    const dump = new DatabaseDump(this.#programs, snapshot, { args: selectionArgs(selection), groups });
    yield* dump.files();
    const after = await readSequences(session);
    return this.#manifestOf(snapshot.takenAt, dump.finished, { ...described, after });
  }

  #manifestOf(
    capturedAt: string,
    dump: FinishedDump,
    { facts, tables, objects, before, after }: Description & { readonly after: readonly SequenceState[] },
  ): DatabaseManifest {
    const { tools } = this.#programs;
    const { name, sizeBytes } = this.#database;
    const part = isPart(this.#choice.selection);
    return {
      name,
      folder: dumpFolder(name),
      capturedAt,
      sizeBytes,
      properties: facts.properties,
      extensions: [...facts.extensions],
      dump: {
        program: tools.version,
        programMajor: tools.major,
        formatVersion: `1.${dump.toc.minor}`,
        bytes: dump.bytes,
        objects: countKinds(dump.toc),
      },
      roles: {
        owners: [...ownersIn(dump.toc)],
        grantees: [...facts.grantees],
        inPolicies: [...facts.policyRoles],
      },
      ...(part && { isPart: true }),
      tablespaces: [...facts.tablespaces],
      tables: contentOf(tables, dump),
      sequences: part ? [] : pairs(before, after),
      largeObjects: dump.largeObjects,
      objects: part ? {} : objects,
    };
  }
}

/** What a dump told of the tables that it holds; one without data is empty. */
export function contentOf(
  tables: readonly DataTable[],
  { toc, tables: counts }: FinishedDump,
): TableContent[] {
  const dumped = new Set(toc.entries.filter(({ kind }) => kind === 'TABLE').map(({ oid }) => oid));
  return tables
    .filter(({ oid }) => dumped.has(oid) || counts.has(oid))
    .map(({ oid, schema, name }) => ({
      schema,
      name,
      ...(counts.get(oid) ?? { rows: '0', hash: '0'.repeat(16) }),
    }));
}

function pairs(before: readonly SequenceState[], after: readonly SequenceState[]) {
  return before.flatMap((state, index) => {
    const later = after[index];
    return later === undefined ? [] : [{ before: state, after: later }];
  });
}

function ownersIn({ entries }: Toc): readonly string[] {
  const owners = new Set(entries.map(({ owner = '' }) => Buffer.from(owner, 'latin1').toString()));
  owners.delete('');
  return [...owners].sort();
}

function countKinds({ entries }: Toc): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of entries) counts[kind] = (counts[kind] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([left], [right]) => (left < right ? -1 : 1)));
}

interface Description {
  readonly facts: DatabaseFacts;
  readonly tables: readonly DataTable[];
  readonly objects: Readonly<Record<string, number>>;
  readonly before: readonly SequenceState[];
}

async function describeDatabase(session: PostgresSession): Promise<Description> {
  return {
    facts: await readDatabaseFacts(session),
    tables: await readTables(session),
    objects: await countObjects(session),
    before: await readSequences(session),
  };
}
