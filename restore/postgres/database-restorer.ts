import type {
  DatabasePlan,
  DatabasePlanRequest,
  DatabaseStepResult,
  PlannedDatabase,
} from '../../contracts/database-restore.ts';
import type { RestoreCheck, Warning } from '../../contracts/jobs.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { whileWatched } from '../../sources/postgres/activity.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import type { ProgramContext } from '../../sources/postgres/dump.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import { defaultLockTimeoutMs, type PostgresSession } from '../../sources/postgres/session.ts';
import type { DatabaseRestorer, DatabaseWork, FoundSnapshot, SnapshotWork } from '../database-restorer.ts';
import { compareDatabase } from './compare.ts';
import { DumpFolder } from './dump-folder.ts';
import { inDatabase } from './in-database.ts';
import { makePlan } from './make-plan.ts';
import { createDatabase, dropDatabase, finishDatabase } from './new-database.ts';
import type { RestoreProgram } from './pg-restore.ts';
import { checkTarget, type RestorePreflight } from './preflight.ts';
import { expectedContent, recordedDatabase, toolsOf } from './recorded.ts';
import { dropRole, handOver, restoreAs } from './restore-role.ts';
import { loadKeys, loadRows, loadStructure, type SectionLoad } from './sections.ts';
import { selectTables } from './select-tables.ts';
import { readManifest } from './snapshot-files.ts';
import { rollBackDatabases, swapDatabases } from './swap.ts';
import { loadTables } from './tables/load.ts';
import { isOfTables, TablesRestorer } from './tables/restorer.ts';

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
  readonly #tables: TablesRestorer;

  constructor(options: PostgresRestorerOptions) {
    this.#options = options;
    this.#tables = new TablesRestorer(options.connection);
  }

  async plan(request: DatabasePlanRequest, found: FoundSnapshot, work: SnapshotWork): Promise<DatabasePlan> {
    const { source, connection } = this.#options;
    const manifest = await readManifest(source, work);
    const sourceMajor = manifest.server.major;
    return await this.#inServer(work, (session) =>
      makePlan({
        ...{ request, found, manifest, session, source, connection, work },
        preflight: (database) => this.#preflight(session, { database, sourceMajor, request, work }),
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
    const { database, preflight } = await this.#recorded(planned.name, plan, work);
    const prepared = { plan, preflight, work };
    const dump = await DumpFolder.open(this.#options.source, database.folder, {
      ...work,
      mapRoles: plan.mapRoles,
    });
    const selected = plan.tables.length === 0 ? undefined : selectTables(dump.toc, plan.tables);
    const place = placeOf(planned);
    let bytes = 0;
    const load: SectionLoad = {
      program: await this.#program(place, planned, prepared),
      dump,
      entries: selected === undefined ? dump.toc.entries : selected.entries,
      jobs: this.#jobs,
      onBytes: (count, current) => {
        bytes += count;
        work.onProgress({ bytesDone: bytes, totalBytes: planned.bytes, current: `${place}: ${current}` });
      },
    };
    await whileWatched(this.#watched(place, work), async () => {
      // What an earlier attempt has made of it is whole or nothing: it begins anew.
      if (section === 'pre-data') await this.prepare(planned, plan, work);
      if (isOfTables(planned) && selected !== undefined) {
        const { tables } = planned;
        const { owners } = database.roles;
        return await loadTables(section, {
          ...{ ...load, tables, selected, programs: this.#programs(preflight, work) },
          scratch: { ...load.program, beside: planned.beside, options: scratchOptions(plan, preflight) },
          owners: [
            ...owners.filter((role) => !preflight.missingRoles.has(role)),
            ...(plan.owner === undefined ? [] : [plan.owner]),
          ],
        });
      }
      if (section === 'data') return await loadRows(load);
      return section === 'post-data' ? await loadKeys(load) : await loadStructure(load);
    });
    return { bytes, warnings: [] };
  }

  async finish(
    planned: PlannedDatabase,
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly Warning[]> {
    const { owner } = plan;
    const { name, beside } = planned;
    const watched = this.#watched(placeOf(planned), work);
    if (isOfTables(planned)) {
      await whileWatched(watched, () => this.#tables.finish(planned, owner, work));
      return [];
    }
    const { database, preflight } = await this.#recorded(name, plan, work);
    await whileWatched(watched, () =>
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
    planned: PlannedDatabase,
    plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly RestoreCheck[]> {
    const { database, preflight } = await this.#recorded(planned.name, plan, work);
    const programs = this.#programs(preflight, work);
    let bytes = 0;
    const onBytes = (count: number): void => {
      bytes += count;
      work.onProgress({ bytesDone: bytes, totalBytes: database.dump.bytes, current: placeOf(planned) });
    };
    if (isOfTables(planned))
      return await this.#tables.compare(planned, { manifest: database, programs, onBytes });
    return await compareDatabase({
      ...{ programs, onBytes, target: planned.beside, jobs: this.#jobs },
      manifest: await expectedContent(this.#options.source, database, { plan, work }),
    });
  }

  async swap({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    for (const step of databases.filter(isOfTables)) await this.#tables.swap(step, work);
    await swapDatabases(this.#options.connection, wholeOnes(databases), work.signal);
  }

  async discard({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    for (const step of databases.filter(isOfTables)) await this.#tables.discard(step, work);
    await this.#inServer(work, async (session) => {
      for (const { beside } of wholeOnes(databases)) {
        await dropDatabase(session, beside);
        await dropRole(session, beside);
      }
    });
  }

  async rollBack(plan: DatabasePlan, work: DatabaseWork): Promise<void> {
    for (const step of plan.databases.filter(isOfTables)) await this.#tables.rollBack(step, work);
    await rollBackDatabases(this.#options.connection, wholeOnes(plan.databases), work.signal);
  }

  async dropReplaced({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    for (const step of databases.filter(isOfTables)) await this.#tables.dropReplaced(step, work);
    await this.#inServer(work, async (session) => {
      for (const { replaced } of wholeOnes(databases)) {
        if (replaced !== undefined) await dropDatabase(session, replaced);
      }
    });
  }

  async close(): Promise<void> {}

  async #recorded(name: string, plan: Pick<DatabasePlan, 'owner' | 'mapRoles'>, work: SnapshotWork) {
    const { mapRoles = {} } = plan;
    const recorded = await recordedDatabase(this.#options.source, { name, mapRoles }, work);
    const preflight = await this.#inServer(work, (session) =>
      this.#preflight(session, { ...recorded, request: plan, work }),
    );
    return { ...recorded, preflight };
  }

  async #preflight(
    session: PostgresSession,
    { database, sourceMajor, request, work }: Recorded,
  ): Promise<RestorePreflight> {
    const { owner } = request;
    return await checkTarget(session, {
      ...this.#options,
      manifest: database,
      sourceMajor,
      ...(owner !== undefined && { owner }),
      signal: work.signal,
    });
  }

  async #program(
    place: string,
    { beside }: PlannedDatabase,
    { plan: { owner }, preflight, work }: Prepared,
  ): Promise<RestoreProgram> {
    const { connection, host } = this.#options;
    const as =
      owner === undefined ? [] : await this.#inServer(work, (session) => restoreAs(session, beside, owner));
    const options = [...new Set([...preflight.options, ...as])];
    return { connection, host, tools: toolsOf(preflight), beside: place, options, signal: work.signal };
  }

  #programs(preflight: RestorePreflight, { signal }: DatabaseWork): ProgramContext {
    const { connection, host } = this.#options;
    const tools = toolsOf(preflight);
    return { connection, host, signal, tools, lockTimeoutMs: defaultLockTimeoutMs };
  }

  get #jobs(): number {
    return this.#options.jobs ?? defaultJobs;
  }

  #watched(database: string, { signal, onProgress }: DatabaseWork) {
    const { connection } = this.#options;
    return {
      ...{ connection, database, signal },
      report: (what: string) => onProgress({ current: `${database}: ${what}` }),
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
    return await inDatabase(this.#options.connection, database, { signal, use });
  }
}

interface Recorded {
  readonly database: DatabaseManifest;
  /** Major version of the server that was backed up. */
  readonly sourceMajor: number;
  readonly request: Pick<DatabasePlanRequest, 'owner'>;
  readonly work: SnapshotWork;
}

interface Prepared {
  readonly plan: DatabasePlan;
  readonly preflight: RestorePreflight;
  readonly work: SnapshotWork;
}

/** Database that is loaded into. */
function placeOf({ beside, target, tables }: PlannedDatabase): string {
  return tables === undefined ? beside : target;
}

function wholeOnes(databases: readonly PlannedDatabase[]): readonly PlannedDatabase[] {
  return databases.filter((database) => !isOfTables(database));
}

/** What a scratch database holds is dropped again: nobody else need own it. */
function scratchOptions({ owner }: DatabasePlan, { options }: RestorePreflight): readonly string[] {
  return owner === undefined ? options : [...new Set([...options, '--no-owner'])];
}
