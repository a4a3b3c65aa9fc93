import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { DatabasePlan, DatabasePlanRequest } from '../../contracts/database-restore.ts';
import type { ResolvedSource, RestoreCheck, Warning } from '../../contracts/jobs.ts';
import type { DatabaseRestorer, SnapshotWork } from '../../restore/database-restorer.ts';

/** A restore that is planned, of any kind of database. */
export interface Restoring {
  readonly restorer: DatabaseRestorer;
  readonly plan: DatabasePlan;
  readonly work: SnapshotWork;
}

/** Plans a restore under the names of the snapshot. */
export async function planWith(
  { restorer, kind, work }: Pick<Restoring, 'restorer' | 'work'> & Pick<ResolvedSource, 'kind'>,
  request: Partial<DatabasePlanRequest>,
): Promise<Restoring> {
  const place: ResolvedSource = { kind, ...placeOfAny };
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
  return { restorer, plan, work };
}

const placeOfAny: Omit<ResolvedSource, 'kind'> = {
  source: 'sample',
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
  readonly bytes: number;
  readonly warnings: readonly Warning[];
  readonly checks: readonly RestoreCheck[];
}

/** Restores beside the targets; every comparison must hold. */
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
  assert.ok(checks.length > 0);
  assert.deepEqual(
    checks.filter(({ passed }) => !passed),
    [],
  );
  return { bytes, warnings, checks };
}

/** Restores, and puts in place. */
export async function restoreInPlace(restoring: Restoring): Promise<RestoredBeside> {
  const restored = await restoreBeside(restoring);
  await restoring.restorer.swap(restoring.plan, restoring.work);
  return restored;
}

export function onlyDatabase({ databases }: DatabasePlan): DatabasePlan['databases'][number] {
  const [database] = databases;
  assert.ok(database);
  return database;
}

/** All names under which the databases of a plan can be found, before, while and after they are restored. */
export function namesIn({ databases }: DatabasePlan): ReadonlySet<string> {
  const names = databases.flatMap(({ target, beside, replaced }) => [target, beside, replaced]);
  return new Set(names.filter((name) => name !== undefined));
}
