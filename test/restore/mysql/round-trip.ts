import type { TestContext } from 'node:test';
import type { DatabasePlan, DatabasePlanRequest } from '../../../contracts/database-restore.ts';
import { programHost } from '../../../programs/host.ts';
import type { SnapshotWork } from '../../../restore/database-restorer.ts';
import { createMysqlRestorer, type MysqlRestorerOptions } from '../../../restore/mysql/database-restorer.ts';
import type { MysqlSourceOptions } from '../../../sources/mysql/source.ts';
import { backUpEntries } from '../../repository/back-up.ts';
import { testRepository } from '../../repository/test-repository.ts';
import { execute, type SharedMariadb, select } from '../../servers/scoped-mariadb.ts';
import { connectionTo, never, sourceOf } from '../../sources/mysql/sample.ts';
import { namesIn, planWith, type Restoring } from '../round-trip.ts';

export { onlyDatabase, type Restoring, restoreBeside } from '../round-trip.ts';

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
  const restoring = await planWith({ restorer, kind: 'mysql', work }, request);
  t.after(async () => {
    for (const name of namesIn(restoring.plan)) {
      await execute(server, [`DROP DATABASE IF EXISTS \`${name.replaceAll('`', '``')}\``]);
    }
  });
  return restoring;
}

/** The names of the run's databases that exist. */
export async function databasesOf(server: SharedMariadb, plan: DatabasePlan): Promise<readonly string[]> {
  const names = await select(server, 'SELECT schema_name FROM information_schema.schemata ORDER BY 1');
  return names.flat().filter((name) => namesIn(plan).has(name));
}
