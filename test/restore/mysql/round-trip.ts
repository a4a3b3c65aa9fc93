import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { DatabasePlan, DatabasePlanRequest } from '../../../contracts/database-restore.ts';
import type { ResolvedSource, RestoreCheck, Warning } from '../../../contracts/jobs.ts';
import { programHost } from '../../../programs/host.ts';
import type { DatabaseRestorer, SnapshotWork } from '../../../restore/database-restorer.ts';
import { createMysqlRestorer, type MysqlRestorerOptions } from '../../../restore/mysql/database-restorer.ts';
import type { MysqlSourceOptions } from '../../../sources/mysql/source.ts';
import { backUpEntries } from '../../repository/back-up.ts';
import { testRepository } from '../../repository/test-repository.ts';
import { execute, type SharedMariadb, select } from '../../servers/mariadb.ts';
import { connectionTo, never, sourceOf } from '../../sources/mysql/sample.ts';

/** Backs up databases of the server into a repository of the test. */
export async function backUp(
  t: TestContext,
  server: SharedMariadb,
  databases: readonly string[],
  options: Partial<MysqlSourceOptions> = {},
): Promise<SnapshotWork> {
  const { repository } = await testRepository(t);
  const source = sourceOf(t, server, { databases, ...options });
  const { tree } = await backUpEntries(repository, source.capture({ signal: never, warn: () => {} }));
  await repository.loadIndex();
  return { reader: repository, tree, signal: never, onProgress: () => {} };
}

export interface Restoring {
  readonly restorer: DatabaseRestorer;
  readonly plan: DatabasePlan;
  readonly work: SnapshotWork;
}

type Change = Partial<DatabasePlanRequest> & Partial<Pick<MysqlRestorerOptions, 'connection' | 'onStep'>>;

/** Plans a restore under the names of the snapshot; what it makes is removed after the test. */
export async function planned(
  t: TestContext,
  server: SharedMariadb,
  work: SnapshotWork,
  { connection = connectionTo(server), onStep, ...request }: Change = {},
): Promise<Restoring> {
  const restorer = createMysqlRestorer({
    source: 'sample',
    connection,
    host: programHost(process.env),
    binDir: server.binDir,
    ...(onStep !== undefined && { onStep }),
  });
  const plan = await restorer.plan(
    {
      source: place,
      to: place,
      snapshot: 'latest',
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
        await execute(server, [`DROP DATABASE IF EXISTS \`${name.replaceAll('`', '``')}\``]);
      }
    }
  });
  return { restorer, plan, work };
}

const place: ResolvedSource = {
  source: 'sample',
  kind: 'mysql',
  host: 'test-host',
  queue: 'test',
  repository: 'main',
  paths: ['/sample'],
  username: 'tester',
  programVersion: 'resguardo test',
  tags: [],
  copies: [],
  heartbeatTimeoutMs: 1000,
  hostTimeoutMs: 1000,
};

export interface RestoredBeside {
  readonly warnings: readonly Warning[];
  readonly checks: readonly RestoreCheck[];
}

/** Restores beside the targets, and compares. */
export async function restoreBeside({ restorer, plan, work }: Restoring): Promise<RestoredBeside> {
  assert.deepEqual(plan.blockers, []);
  const warnings: Warning[] = [...plan.warnings];
  const checks: RestoreCheck[] = [];
  for (const database of plan.databases) {
    await restorer.prepare(database, plan, work);
    for (const section of database.sections) {
      warnings.push(...(await restorer.load({ database, section }, plan, work)).warnings);
    }
    warnings.push(...(await restorer.finish(database, plan, work)));
    checks.push(...(await restorer.compare(database, plan, work)));
  }
  assert.deepEqual(
    checks.filter(({ passed }) => !passed),
    [],
  );
  assert.ok(checks.length > 0);
  return { warnings, checks };
}

export function onlyDatabase({ databases }: DatabasePlan): DatabasePlan['databases'][number] {
  const [database] = databases;
  assert.ok(database);
  return database;
}

/** The names of the run's databases that exist. */
export async function databasesOf(server: SharedMariadb, plan: DatabasePlan): Promise<readonly string[]> {
  const names = await select(server, 'SELECT schema_name FROM information_schema.schemata ORDER BY 1');
  const ours = plan.databases.flatMap(({ target, beside, replaced }) => [target, beside, replaced]);
  return names.flat().filter((name) => ours.includes(name));
}
