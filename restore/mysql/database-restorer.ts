import type {
  DatabasePlan,
  DatabasePlanRequest,
  DatabaseStepResult,
  PlannedDatabase,
} from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { RestoreCheck, Warning } from '../../contracts/jobs.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { readFile } from '../../repository/read-file.ts';
import { manifestFile } from '../../sources/describing-files.ts';
import type { MysqlConnection } from '../../sources/mysql/connection.ts';
import {
  type DatabaseManifest,
  type MysqlManifest,
  parseManifest,
  usersFile,
} from '../../sources/mysql/manifest.ts';
import { MysqlSession, quoteName } from '../../sources/mysql/session.ts';
import { chooseDatabases } from '../choose-databases.ts';
import type { DatabaseRestorer, DatabaseWork, FoundSnapshot, SnapshotWork } from '../database-restorer.ts';
import { fileOf, manifestBytes } from '../snapshot-files.ts';
import { readCode } from './code.ts';
import { compareDatabase } from './compare.ts';
import { enabled } from './dump-statements.ts';
import type { StepListener } from './exchange.ts';
import { loadDump } from './load.ts';
import {
  addMark,
  databaseExists,
  dropDatabase,
  prepareRecord,
  readMarks,
  recordTable,
  tablesOf,
  writeRecord,
} from './parked.ts';
import { checkServer, definerWarnings, type RestorePreflight, replaceBlockers } from './preflight.ts';
import { dropDanglingKeys, selectTables, takenTarget } from './select-tables.ts';
import { discardDatabases, rollBackDatabases, swapDatabases } from './swap.ts';
import { targetFailure } from './target-errors.ts';
import { isUsers, restoreUsers } from './users.ts';

export interface MysqlRestorerOptions {
  /** Name of the source: the folder of its snapshots. */
  readonly source: string;
  /** Server that takes the databases. */
  readonly connection: MysqlConnection;
  /** Where programs are looked for. */
  readonly host: ProgramHost;
  /** Folder of the dump program, which compares. Default: the best that is found. */
  readonly binDir?: string;
  /** For fault tests: called between the steps of a swap. */
  readonly onStep?: StepListener;
}

/** Names are counted in characters. */
const rules = { longest: 64, unit: 'characters', placeOf: ({ file }: DatabaseManifest) => file } as const;

const sections = ['dump'] as const;

/** Restores databases of a snapshot into a MySQL or MariaDB server, each beside its target until the swap. */
export function createMysqlRestorer(options: MysqlRestorerOptions): DatabaseRestorer {
  return new MysqlRestorer(options);
}

class MysqlRestorer implements DatabaseRestorer {
  readonly #options: MysqlRestorerOptions;

  constructor(options: MysqlRestorerOptions) {
    this.#options = options;
  }

  async plan(request: DatabasePlanRequest, found: FoundSnapshot, work: SnapshotWork): Promise<DatabasePlan> {
    refuseOwner(request);
    const manifest = await this.#manifest(work);
    const include = request.include.filter((name) => !isUsers(name, this.#options.source));
    const isWhole = request.tables.length === 0;
    const named = chooseDatabases(manifest, { ...request, include }, rules).map(({ database }) => database);
    const databasesOfTables = [...selectTables(named, request.tables).keys()];
    const wanted = { ...request, include: isWhole ? include : databasesOfTables };
    const chosen = chooseDatabases(manifest, wanted, rules);
    return await this.#inServer(work, async (session) => {
      const preflight = await this.#preflight(session, manifest, work.signal);
      const { target: _, ...rest } = request;
      const blockers = [...preflight.blockers];
      const warnings = [...preflight.warnings];
      const databases: PlannedDatabase[] = [];
      for (const { database, target, beside, replaced } of chosen) {
        const isTaken = await databaseExists(session, target);
        if (isTaken && !isWhole) blockers.push(takenTarget(target));
        else if (isTaken) blockers.push(...(await replaceBlockers(session, target)));
        warnings.push(...definerWarnings(database, preflight.accounts));
        databases.push({
          name: database.name,
          target,
          beside,
          ...(isTaken && { replaced }),
          bytes: database.dump.bytes,
          sizeBytes: database.sizeBytes,
          sections,
        });
      }
      const reads = this.#reads(chosen, include.length < request.include.length);
      return { ...rest, ...found, server: preflight.subject, blockers, warnings, databases, reads };
    });
  }

  async prepare({ name, beside }: PlannedDatabase, _plan: DatabasePlan, work: SnapshotWork): Promise<void> {
    const { characterSet, collation } = this.#recorded(await this.#manifest(work), name);
    await this.#changing(`Making the database "${beside}"`, work, async (session) => {
      await dropDatabase(session, beside);
      await session.run(
        `CREATE DATABASE ${quoteName(beside)} CHARACTER SET ${characterSet} COLLATE ${collation}`,
      );
      await prepareRecord(session, beside);
    });
  }

  /** Another attempt begins anew: only the server knows which rows of a lost connection it has kept. */
  async load(
    { database }: { readonly database: PlannedDatabase },
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<DatabaseStepResult> {
    const { connection, source } = this.#options;
    const { name, beside } = database;
    const manifest = await this.#manifest(work);
    const accounts = await this.#inServer(work, async (session) => {
      const hasRows = (await tablesOf(session, beside)).some((table) => table !== recordTable);
      if (hasRows) await this.prepare(database, plan, work);
      return (await this.#preflight(session, manifest, work.signal)).accounts;
    });
    const node = await fileOf(source, this.#recorded(manifest, name).file, work);
    try {
      const { bytes, enabledEvents, warnings } = await loadDump({
        connection,
        database: beside,
        recordedName: name,
        dump: readFile(work.reader, node, work.signal),
        ...this.#chosenTables(manifest, name, plan),
        accounts,
        signal: work.signal,
        onBytes: (bytesDone) => work.onProgress({ bytesDone, current: beside }),
      });
      await this.#inServer(work, async (session) => {
        for (const event of enabledEvents) await addMark(session, beside, ['enabled', event]);
      });
      return { bytes, warnings };
    } catch (error) {
      throw targetFailure(`Loading the dump of the database "${name}"`, error);
    }
  }

  async finish(
    database: PlannedDatabase,
    { include, tables }: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly Warning[]> {
    const { source } = this.#options;
    const isLast = include.some((name) => isUsers(name, source));
    return await this.#changing(`Finishing the database "${database.beside}"`, work, async (session) => {
      const omitted = tables.length === 0 ? [] : await dropDanglingKeys(session, database);
      const warnings = [...omitted, ...(await this.#record(session, database))];
      if (!isLast) return warnings;
      const users = await fileOf(source, usersFile, work);
      return [...warnings, ...(await restoreUsers(session, readFile(work.reader, users, work.signal)))];
    });
  }

  async compare(
    { name, beside }: PlannedDatabase,
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly RestoreCheck[]> {
    const { connection, host } = this.#options;
    const manifest = await this.#manifest(work);
    const { tables } = this.#chosenTables(manifest, name, plan);
    const { tool, isEncrypted } = await this.#inServer(work, async (session) => ({
      ...(await this.#preflight(session, manifest, work.signal)),
      isEncrypted: session.isEncrypted,
    }));
    if (tool === undefined) throw new Failure('RestoreBlocked', 'There is no program to compare with');
    return await compareDatabase({
      context: { connection, server: { isEncrypted, hasPosition: false }, tool, host, signal: work.signal },
      manifest: this.#recorded(manifest, name),
      ...(tables !== undefined && { tables }),
      database: beside,
      onBytes: (bytesDone) => work.onProgress({ bytesDone, current: beside }),
    });
  }

  async swap({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    await this.#changing('Putting the restored database in place', work, (session) =>
      swapDatabases(session, databases, this.#options.onStep),
    );
  }

  async discard({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    await this.#changing('Dropping what was restored', work, (session) =>
      discardDatabases(session, databases),
    );
  }

  async rollBack({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    await this.#changing('Putting back what was replaced', work, (session) =>
      rollBackDatabases(session, databases, this.#options.onStep),
    );
  }

  async dropReplaced({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    await this.#changing('Dropping what was replaced', work, async (session) => {
      for (const { replaced } of databases) if (replaced !== undefined) await dropDatabase(session, replaced);
    });
  }

  async close(): Promise<void> {}

  /** Events of a copy under another name do not run: they would do their work twice. */
  async #record(
    session: MysqlSession,
    { name, target, beside }: PlannedDatabase,
  ): Promise<readonly Warning[]> {
    const running = new Set(await readMarks(session, beside, 'enabled'));
    const code = await readCode(session, beside);
    const isCopy = name !== target;
    const tables = (await tablesOf(session, beside)).filter((table) => table !== recordTable);
    await writeRecord(session, beside, {
      tables,
      code: code.map((object) =>
        object.kind === 'event' && running.has(object.name) && !isCopy
          ? { ...object, statement: enabled(object.statement) }
          : object,
      ),
    });
    if (!isCopy || running.size === 0) return [];
    const message = `These events are switched off, because they belong to a copy: ${[...running].join(', ')}`;
    return [{ subject: target, message }];
  }

  #reads(chosen: readonly { readonly database: DatabaseManifest }[], hasUsers: boolean): readonly string[] {
    const dumps = chosen.map(({ database: { file } }) => file);
    const files = [manifestFile, ...dumps, ...(hasUsers ? [usersFile] : [])];
    return files.map((file) => `/${this.#options.source}/${file}`);
  }

  async #manifest(work: SnapshotWork): Promise<MysqlManifest> {
    return parseManifest(await manifestBytes(this.#options.source, manifestFile, work));
  }

  #chosenTables(
    { databases }: MysqlManifest,
    name: string,
    { tables, databases: planned }: DatabasePlan,
  ): { readonly tables?: ReadonlySet<string> } {
    if (tables.length === 0) return {};
    const named = databases.filter((database) => planned.some((one) => one.name === database.name));
    return { tables: selectTables(named, tables).get(name) ?? new Set() };
  }

  #recorded({ databases }: MysqlManifest, name: string): DatabaseManifest {
    const database = databases.find((one) => one.name === name);
    if (database !== undefined) return database;
    throw new Failure('InvalidInput', `The snapshot holds no database "${name}"`);
  }

  async #preflight(
    session: MysqlSession,
    manifest: MysqlManifest,
    signal: AbortSignal,
  ): Promise<RestorePreflight> {
    return await checkServer(session, { ...this.#options, manifest, signal });
  }

  async #changing<T>(
    subject: string,
    work: DatabaseWork,
    change: (session: MysqlSession) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#inServer(work, change);
    } catch (error) {
      throw targetFailure(subject, error);
    }
  }

  async #inServer<T>({ signal }: DatabaseWork, work: (session: MysqlSession) => Promise<T>): Promise<T> {
    const session = await MysqlSession.open(this.#options.connection, signal);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }
}

function refuseOwner({ owner }: DatabasePlanRequest): void {
  if (owner === undefined) return;
  throw new Failure('InvalidInput', 'owner: databases of MySQL belong to nobody');
}
