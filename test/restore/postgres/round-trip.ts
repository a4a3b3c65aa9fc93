import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { DatabasePlan, DatabasePlanRequest } from '../../../contracts/database-restore.ts';
import type { ResolvedSource, RestoreCheck, Warning } from '../../../contracts/jobs.ts';
import { programHost } from '../../../programs/host.ts';
import type { DatabaseRestorer, SnapshotWork } from '../../../restore/database-restorer.ts';
import { createPostgresRestorer } from '../../../restore/postgres/database-restorer.ts';
import { readManifest } from '../../../restore/postgres/snapshot-files.ts';
import type { DatabaseManifest } from '../../../sources/postgres/manifest.ts';
import { createPostgresSource, type PostgresSourceOptions } from '../../../sources/postgres/source.ts';
import { backUpEntries } from '../../repository/back-up.ts';
import type { TestScope } from '../../repository/temporary-folder.ts';
import { testRepository } from '../../repository/test-repository.ts';
import { createDatabase, type SharedPostgres } from '../../servers/postgres.ts';
import { column, connectionTo, execute, never } from '../../sources/postgres/sample.ts';

export interface Backup {
  readonly manifest: DatabaseManifest;
  /** The snapshot, in a repository of the test. */
  readonly work: SnapshotWork;
}

/** Backs up databases of the server into a repository; the manifest is that of the first one. */
export async function backUp(
  t: TestScope,
  server: SharedPostgres,
  databases: string | readonly string[],
  options: Partial<PostgresSourceOptions> = {},
): Promise<Backup> {
  const { repository } = await testRepository(t);
  const source = createPostgresSource({
    name: 'sample',
    connection: connectionTo(server),
    databases: typeof databases === 'string' ? [databases] : databases,
    binDir: server.binDir,
    ...options,
  });
  try {
    const roots = source.capture({ signal: never, warn: () => {} });
    const { tree } = await backUpEntries(repository, roots);
    await repository.loadIndex();
    const work = { reader: repository, tree, signal: never, onProgress: () => {} };
    const [manifest] = (await readManifest('sample', work)).databases;
    assert.ok(manifest);
    return { manifest, work };
  } finally {
    await source.close();
  }
}

/** A database with the statements run in it, removed after the test. */
export async function prepared(t: TestScope, server: SharedPostgres, sql: string): Promise<string> {
  const database = await createDatabase(server);
  t.after(() => database.drop());
  await execute(connectionTo(server, database.name), sql);
  return database.name;
}

export interface Restoring {
  readonly restorer: DatabaseRestorer;
  readonly plan: DatabasePlan;
  readonly work: SnapshotWork;
}

/** Plans a restore, beside the original unless a target is given; what it makes is removed after the test. */
export async function planned(
  t: TestScope,
  server: SharedPostgres,
  { work }: Backup,
  change: Partial<DatabasePlanRequest> & { readonly user?: string } = {},
): Promise<Restoring> {
  const { user, ...request } = change;
  const connection = { ...connectionTo(server), ...(user !== undefined && { user }) };
  const { binDir } = server;
  const restorer = createPostgresRestorer({
    source: 'sample',
    connection,
    host: programHost(process.env),
    binDir,
  });
  const plan = await restorer.plan(
    {
      source: place,
      to: place,
      snapshot: 'latest',
      target: `restored_${randomBytes(6).toString('hex')}`,
      include: [],
      tables: [],
      runId: randomBytes(6).toString('hex'),
      startedAt: '2026-11-26T14:05:12.345Z',
      ...request,
    },
    { snapshot: '0'.repeat(64), snapshotTime: '2026-11-26T14:00:00.000Z', tree: work.tree },
    work,
  );
  t.after(async () => {
    for (const { target, beside, replaced } of plan.databases) {
      for (const name of [target, beside, replaced ?? beside]) {
        const quoted = `"${name.replaceAll('"', '""')}"`;
        await execute(connectionTo(server), `DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
      }
    }
  });
  return { restorer, plan, work };
}

const place: ResolvedSource = {
  source: 'sample',
  kind: 'postgres',
  host: 'test-host',
  queue: 'test',
  repository: 'main',
  paths: ['/sample'],
  username: 'tester',
  programVersion: 'resguardo test',
  copies: [],
  tags: [],
  heartbeatTimeoutMs: 1000,
  hostTimeoutMs: 1000,
};

export interface RestoredBeside {
  readonly bytes: number;
  readonly warnings: readonly Warning[];
  readonly checks: readonly RestoreCheck[];
}

/** Restores beside the targets, and compares. */
export async function restoreBeside({ restorer, plan, work }: Restoring): Promise<RestoredBeside> {
  assert.deepEqual(plan.blockers, []);
  const warnings: Warning[] = [...plan.warnings];
  const checks: RestoreCheck[] = [];
  let bytes = 0;
  for (const database of plan.databases) {
    await restorer.prepare(database, plan, work);
    for (const section of database.sections) {
      const loaded = await restorer.load({ database, section }, plan, work);
      bytes += loaded.bytes;
      warnings.push(...loaded.warnings);
    }
    warnings.push(...(await restorer.finish(database, plan, work)));
    checks.push(...(await restorer.compare(database, plan, work)));
  }
  return { bytes, warnings, checks };
}

/** Restores, and puts in place; all checks must have passed. */
export async function restoreInPlace(restoring: Restoring): Promise<RestoredBeside> {
  const restored = await restoreBeside(restoring);
  assert.deepEqual(
    restored.checks.filter(({ passed }) => !passed),
    [],
  );
  await restoring.restorer.swap(restoring.plan, restoring.work);
  return restored;
}

/** The name of the only database of a plan. */
export function targetOf({ plan }: Restoring): string {
  return onlyDatabase(plan).target;
}

export function onlyDatabase({ databases }: DatabasePlan): DatabasePlan['databases'][number] {
  const [database] = databases;
  assert.ok(database);
  return database;
}

/** The names of the run's databases that exist. */
export async function databasesOf(server: SharedPostgres, { plan }: Restoring): Promise<readonly string[]> {
  const names = await column(connectionTo(server), 'SELECT datname FROM pg_database ORDER BY 1');
  const ours = plan.databases.flatMap(({ target, beside, replaced }) => [target, beside, replaced]);
  return names.filter((name) => ours.includes(name));
}
