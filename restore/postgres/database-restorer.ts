import type {
  DatabasePlan,
  DatabasePlanRequest,
  DatabaseStepResult,
  PlannedDatabase,
} from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { RestoreCheck, Warning } from '../../contracts/jobs.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { whileWatched } from '../../sources/postgres/activity.ts';
import type { ClientTools } from '../../sources/postgres/client-tools.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import type { DatabaseManifest, PostgresManifest } from '../../sources/postgres/manifest.ts';
import { defaultLockTimeoutMs, PostgresSession } from '../../sources/postgres/session.ts';
import type { DatabaseRestorer, DatabaseWork, FoundSnapshot, SnapshotWork } from '../database-restorer.ts';
import { compareDatabase } from './compare.ts';
import { DumpFolder } from './dump-folder.ts';
import { makePlan } from './make-plan.ts';
import { createDatabase, dropDatabase, finishDatabase } from './new-database.ts';
import type { RestoreProgram } from './pg-restore.ts';
import { checkTarget, type RestorePreflight } from './preflight.ts';
import { dropRole, handOver, restoreAs } from './restore-role.ts';
import { loadKeys, loadRows, loadStructure, type SectionLoad } from './sections.ts';
import { selectTables } from './select-tables.ts';
import { readManifest } from './snapshot-files.ts';
import { rollBackDatabases, swapDatabases } from './swap.ts';
import { targetFailure } from './target-errors.ts';

export interface PostgresRestorerOptions {
  /** Name of the source: the folder of its snapshots. */
  readonly source: string;
  /** Server that takes the databases. */
  readonly connection: PostgresConnection;
  /** Where programs are looked for. */
  readonly host: ProgramHost;
  /** Folder of pg_restore. Default: the best that is found. */
  readonly binDir?: string;
  /** Programs that load a database at the same time. Default: 2. */
  readonly jobs?: number;
}

const defaultJobs = 2;

/** Restores databases of a snapshot into a server, each beside its target until the swap. */
export function createPostgresRestorer(options: PostgresRestorerOptions): DatabaseRestorer {
  return new PostgresRestorer(options);
}

class PostgresRestorer implements DatabaseRestorer {
  readonly #options: PostgresRestorerOptions;

  constructor(options: PostgresRestorerOptions) {
    this.#options = options;
  }

  async plan(request: DatabasePlanRequest, found: FoundSnapshot, work: SnapshotWork): Promise<DatabasePlan> {
    const { source, connection } = this.#options;
    const manifest = await readManifest(source, work);
    return await this.#inServer(work, (session) =>
      makePlan({
        ...{ request, found, manifest, session, source, connection, work },
        preflight: (database) => this.#preflight(session, { database, manifest, request, work }),
      }),
    );
  }

  async prepare({ name, beside }: PlannedDatabase, plan: DatabasePlan, work: SnapshotWork): Promise<void> {
    const { database, preflight } = await this.#recorded(name, plan, work);
    await this.#inServer(work, async (session) => {
      await dropDatabase(session, beside);
      await createDatabase(session, beside, { properties: database.properties, major: preflight.major });
    });
  }

  async load(
    { database: planned, section }: { readonly database: PlannedDatabase; readonly section: string },
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<DatabaseStepResult> {
    const { beside, name } = planned;
    const { database, preflight } = await this.#recorded(name, plan, work);
    const dump = await DumpFolder.open(this.#options.source, database.folder, work);
    let bytes = 0;
    const load: SectionLoad = {
      program: await this.#program(beside, { plan, preflight, work }),
      dump,
      entries: plan.tables.length === 0 ? dump.toc.entries : selectTables(dump.toc, plan.tables).entries,
      jobs: this.#jobs,
      onBytes: (count, current) => {
        bytes += count;
        work.onProgress({ bytesDone: bytes, totalBytes: planned.bytes, current: `${beside}: ${current}` });
      },
    };
    await whileWatched(this.#watched(planned, work), async () => {
      if (section === 'data') return await loadRows(load);
      if (section === 'post-data') return await loadKeys(load);
      // What an earlier attempt has made of it is whole or nothing: it begins anew.
      await this.prepare(planned, plan, work);
      return await loadStructure(load);
    });
    return { bytes, warnings: [] };
  }

  async finish(
    { name, beside }: PlannedDatabase,
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly Warning[]> {
    const { owner } = plan;
    const { database, preflight } = await this.#recorded(name, plan, work);
    await whileWatched(this.#watched({ beside }, work), () =>
      this.#inDatabase(beside, work, async (session) => {
        if (owner !== undefined) await handOver(session, beside, owner);
        await session.run('ANALYZE');
      }),
    );
    const properties = { ...database.properties, ...(owner !== undefined && { owner }) };
    return await this.#inServer(work, (session) =>
      finishDatabase(session, beside, { properties, missingRoles: preflight.missingRoles }),
    );
  }

  async compare(
    { name, beside }: PlannedDatabase,
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly RestoreCheck[]> {
    const { connection, host } = this.#options;
    const { database, preflight } = await this.#recorded(name, plan, work);
    let bytes = 0;
    return await compareDatabase({
      programs: {
        ...{ connection, host, signal: work.signal },
        tools: toolsOf(preflight),
        lockTimeoutMs: defaultLockTimeoutMs,
      },
      manifest: await this.#expected(database, plan, work),
      target: beside,
      jobs: this.#jobs,
      onBytes: (count) => {
        bytes += count;
        work.onProgress({ bytesDone: bytes, totalBytes: database.dump.bytes, current: beside });
      },
    });
  }

  async swap({ databases }: DatabasePlan, { signal }: DatabaseWork): Promise<void> {
    await swapDatabases(this.#options.connection, databases, signal);
  }

  async discard({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    await this.#inServer(work, async (session) => {
      for (const { beside } of databases) {
        await dropDatabase(session, beside);
        await dropRole(session, beside);
      }
    });
  }

  async rollBack(plan: DatabasePlan, work: DatabaseWork): Promise<void> {
    await rollBackDatabases(this.#options.connection, plan.databases, work.signal);
  }

  async dropReplaced({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    await this.#inServer(work, async (session) => {
      for (const { replaced } of databases) {
        if (replaced !== undefined) await dropDatabase(session, replaced);
      }
    });
  }

  async close(): Promise<void> {}

  async #recorded(
    name: string,
    plan: Pick<DatabasePlan, 'owner'>,
    work: SnapshotWork,
  ): Promise<{ readonly database: DatabaseManifest; readonly preflight: RestorePreflight }> {
    const manifest = await readManifest(this.#options.source, work);
    const database = manifest.databases.find((one) => one.name === name);
    if (database === undefined) {
      throw new Failure('InvalidInput', `The snapshot holds no database "${name}"`);
    }
    const preflight = await this.#inServer(work, (session) =>
      this.#preflight(session, { database, manifest, request: plan, work }),
    );
    return { database, preflight };
  }

  async #preflight(
    session: PostgresSession,
    { database, manifest, request, work }: Recorded,
  ): Promise<RestorePreflight> {
    const { owner } = request;
    return await checkTarget(session, {
      ...this.#options,
      manifest: database,
      sourceMajor: manifest.server.major,
      ...(owner !== undefined && { owner }),
      signal: work.signal,
    });
  }

  async #program(beside: string, { plan: { owner }, preflight, work }: Prepared): Promise<RestoreProgram> {
    const { connection, host } = this.#options;
    const as =
      owner === undefined ? [] : await this.#inServer(work, (session) => restoreAs(session, beside, owner));
    const options = [...new Set([...preflight.options, ...as])];
    return { connection, host, tools: toolsOf(preflight), beside, options, signal: work.signal };
  }

  /** What the restored database should hold. */
  async #expected(
    database: DatabaseManifest,
    { tables }: DatabasePlan,
    work: SnapshotWork,
  ): Promise<DatabaseManifest> {
    if (tables.length === 0) return database;
    const dump = await DumpFolder.open(this.#options.source, database.folder, work);
    const chosen = selectTables(dump.toc, tables).tables;
    return {
      ...database,
      isPart: true,
      tables: database.tables.filter(({ schema, name }) => chosen.has(`${schema}.${name}`)),
      largeObjects: { count: '0', bytes: '0', hash: '0'.repeat(16) },
    };
  }

  get #jobs(): number {
    return this.#options.jobs ?? defaultJobs;
  }

  #watched({ beside }: Pick<PlannedDatabase, 'beside'>, { signal, onProgress }: DatabaseWork) {
    const { connection } = this.#options;
    return {
      connection,
      database: beside,
      signal,
      report: (what: string) => onProgress({ current: `${beside}: ${what}` }),
    };
  }

  async #inServer<T>(work: DatabaseWork, use: (session: PostgresSession) => Promise<T>): Promise<T> {
    return await this.#inDatabase(this.#options.connection.database, work, use);
  }

  async #inDatabase<T>(
    database: string,
    { signal }: DatabaseWork,
    use: (session: PostgresSession) => Promise<T>,
  ): Promise<T> {
    const session = await PostgresSession.open(this.#options.connection, database, signal);
    try {
      return await use(session);
    } catch (error) {
      throw targetFailure(`Restoring into the database "${database}"`, error);
    } finally {
      await session.close();
    }
  }
}

interface Recorded {
  readonly database: DatabaseManifest;
  readonly manifest: PostgresManifest;
  readonly request: Pick<DatabasePlanRequest, 'owner'>;
  readonly work: SnapshotWork;
}

interface Prepared {
  readonly plan: DatabasePlan;
  readonly preflight: RestorePreflight;
  readonly work: SnapshotWork;
}

/** What the plan has seen may have changed since. */
function toolsOf({ tools, blockers }: RestorePreflight): ClientTools {
  if (tools !== undefined) return tools;
  throw new Failure('RestoreBlocked', blockers.join(' '));
}
