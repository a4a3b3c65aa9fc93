import { z } from 'zod';
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
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import type { DatabaseRestorer, DatabaseWork, FoundSnapshot, SnapshotWork } from '../database-restorer.ts';
import { compareDatabase } from './compare.ts';
import { createDatabase, dropDatabase, finishDatabase } from './new-database.ts';
import { planDatabases } from './plan.ts';
import { checkTarget, type RestorePreflight } from './preflight.ts';
import { loadSection, sections } from './sections.ts';
import { fileOf, readManifest } from './snapshot-files.ts';
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
}

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
    refuseParts(request);
    const manifest = await readManifest(this.#options.source, work);
    return await this.#inServer(work, async (session) => {
      const { target: _, ...rest } = request;
      const databases = planDatabases(manifest, request);
      const present = await existing(session, databases);
      const blockers: string[] = [];
      const warnings: Warning[] = [];
      let server = '';
      for (const { database } of databases) {
        const preflight = await this.#preflight(session, database, manifest.server.major, work.signal);
        server = preflight.server;
        blockers.push(...preflight.blockers);
        warnings.push(...preflight.warnings);
      }
      return {
        ...rest,
        ...found,
        server,
        blockers: [...new Set(blockers)],
        warnings,
        databases: databases.map(({ database, target, beside, replaced }) => ({
          name: database.name,
          target,
          beside,
          ...(present.has(target) && { replaced }),
          bytes: database.dump.bytes,
          sizeBytes: database.sizeBytes,
          sections,
        })),
      };
    });
  }

  async prepare({ name, beside }: PlannedDatabase, _plan: DatabasePlan, work: SnapshotWork): Promise<void> {
    const { database, sourceMajor } = await this.#recorded(name, work);
    await this.#inServer(work, async (session) => {
      const { major } = await this.#preflight(session, database, sourceMajor, work.signal);
      await dropDatabase(session, beside);
      await createDatabase(session, beside, { properties: database.properties, major });
    });
  }

  async load(
    { database: planned, section }: { readonly database: PlannedDatabase; readonly section: string },
    _plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<DatabaseStepResult> {
    const { connection, host, source } = this.#options;
    const { database, sourceMajor } = await this.#recorded(planned.name, work);
    const preflight = await this.#inServer(work, (session) =>
      this.#preflight(session, database, sourceMajor, work.signal),
    );
    const bytes = await whileWatched(this.#watched(planned, work), async () =>
      loadSection({
        connection,
        host,
        database,
        section,
        beside: planned.beside,
        tools: toolsOf(preflight),
        options: preflight.options,
        dump: await fileOf(source, database.file, work),
        work,
      }),
    );
    return { bytes, warnings: [] };
  }

  async finish(
    { name, beside }: PlannedDatabase,
    _plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly Warning[]> {
    const { database, sourceMajor } = await this.#recorded(name, work);
    await whileWatched(this.#watched({ beside }, work), () => this.#analyse(beside, work));
    return await this.#inServer(work, async (session) => {
      const { missingRoles } = await this.#preflight(session, database, sourceMajor, work.signal);
      return await finishDatabase(session, beside, { properties: database.properties, missingRoles });
    });
  }

  async compare(
    { name, beside }: PlannedDatabase,
    _plan: DatabasePlan,
    work: SnapshotWork,
  ): Promise<readonly RestoreCheck[]> {
    const { database } = await this.#recorded(name, work);
    return await compareDatabase({
      connection: this.#options.connection,
      manifest: database,
      target: beside,
      signal: work.signal,
      onActivity: (current) => work.onProgress({ current }),
    });
  }

  async swap({ databases }: DatabasePlan, { signal }: DatabaseWork): Promise<void> {
    await swapDatabases(this.#options.connection, databases, signal);
  }

  async discard({ databases }: DatabasePlan, work: DatabaseWork): Promise<void> {
    await this.#inServer(work, async (session) => {
      for (const { beside } of databases) await dropDatabase(session, beside);
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
    work: SnapshotWork,
  ): Promise<{ readonly database: DatabaseManifest; readonly sourceMajor: number }> {
    const { databases, server } = await readManifest(this.#options.source, work);
    const database = databases.find((one) => one.name === name);
    if (database !== undefined) return { database, sourceMajor: server.major };
    throw new Failure('InvalidInput', `The snapshot holds no database "${name}"`);
  }

  async #preflight(
    session: PostgresSession,
    manifest: DatabaseManifest,
    sourceMajor: number,
    signal: AbortSignal,
  ): Promise<RestorePreflight> {
    return await checkTarget(session, { ...this.#options, manifest, sourceMajor, signal });
  }

  /** Statistics are not in a dump: without them the planner is blind. */
  async #analyse(beside: string, { signal }: DatabaseWork): Promise<void> {
    const session = await PostgresSession.open(this.#options.connection, beside, signal);
    try {
      await session.run('ANALYZE');
    } catch (error) {
      throw targetFailure(`Analysing the database "${beside}"`, error);
    } finally {
      await session.close();
    }
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

  async #inServer<T>({ signal }: DatabaseWork, work: (session: PostgresSession) => Promise<T>): Promise<T> {
    const { connection } = this.#options;
    const session = await PostgresSession.open(connection, connection.database, signal);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }
}

function refuseParts({ tables, owner }: DatabasePlanRequest): void {
  if (tables.length === 0 && owner === undefined) return;
  const field = owner === undefined ? 'tables' : 'owner';
  throw new Failure(
    'InvalidInput',
    `${field}: databases of PostgreSQL are restored as they were, as a whole`,
  );
}

/** What the plan has seen may have changed since. */
function toolsOf({ tools, blockers }: RestorePreflight): ClientTools {
  if (tools !== undefined) return tools;
  throw new Failure('RestoreBlocked', blockers.join(' '));
}

async function existing(
  session: PostgresSession,
  databases: readonly { readonly target: string }[],
): Promise<ReadonlySet<string>> {
  const found = await session.rows(
    z.object({ name: z.string() }),
    'SELECT datname AS name FROM pg_database WHERE datname = ANY ($1)',
    [databases.map(({ target }) => target)],
  );
  return new Set(found.map(({ name }) => name));
}
