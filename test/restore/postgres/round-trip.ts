import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { DatabasePlanRequest } from '../../../contracts/database-restore.ts';
import { programHost } from '../../../programs/host.ts';
import type { SnapshotWork } from '../../../restore/database-restorer.ts';
import { createPostgresRestorer } from '../../../restore/postgres/database-restorer.ts';
import { readManifest } from '../../../restore/postgres/snapshot-files.ts';
import type { DatabaseManifest } from '../../../sources/postgres/manifest.ts';
import { createPostgresSource, type PostgresSourceOptions } from '../../../sources/postgres/source.ts';
import { backUpEntries } from '../../repository/back-up.ts';
import type { TestScope } from '../../repository/temporary-folder.ts';
import { testRepository } from '../../repository/test-repository.ts';
import { createDatabase, type SharedPostgres } from '../../servers/scoped-postgres.ts';
import { column, connectionTo, execute, never } from '../../sources/postgres/sample.ts';
import { namesIn, onlyDatabase, planWith, type Restoring } from '../round-trip.ts';

export { onlyDatabase, type Restoring, restoreBeside, restoreInPlace } from '../round-trip.ts';

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
  const target = `restored_${randomBytes(6).toString('hex')}`;
  const restoring = await planWith({ restorer, kind: 'postgres', work }, { target, ...request });
  t.after(async () => {
    for (const name of namesIn(restoring.plan)) {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      await execute(connectionTo(server), `DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
    }
  });
  return restoring;
}

/** The name of the only database of a plan. */
export function targetOf({ plan }: Restoring): string {
  return onlyDatabase(plan).target;
}

/** The names of the run's databases that exist. */
export async function databasesOf(server: SharedPostgres, { plan }: Restoring): Promise<readonly string[]> {
  const names = await column(connectionTo(server), 'SELECT datname FROM pg_database ORDER BY 1');
  return names.filter((name) => namesIn(plan).has(name));
}
