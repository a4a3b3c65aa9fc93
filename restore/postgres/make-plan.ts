import { z } from 'zod';
import type { DatabasePlan, DatabasePlanRequest } from '../../contracts/database-restore.ts';
import type { Warning } from '../../contracts/jobs.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import type { DatabaseManifest, PostgresManifest } from '../../sources/postgres/manifest.ts';
import type { PostgresSession } from '../../sources/postgres/session.ts';
import type { DatabaseTarget } from '../choose-databases.ts';
import type { FoundSnapshot, SnapshotWork } from '../database-restorer.ts';
import { DumpFolder } from './dump-folder.ts';
import { planDatabases } from './plan.ts';
import type { RestorePreflight } from './preflight.ts';
import { sections } from './sections.ts';
import { selectTables } from './select-tables.ts';
import { freeSpace } from './space.ts';

export interface PlanParts {
  readonly request: DatabasePlanRequest;
  readonly found: FoundSnapshot;
  readonly manifest: PostgresManifest;
  /** At the target. */
  readonly session: PostgresSession;
  readonly source: string;
  readonly connection: PostgresConnection;
  readonly work: SnapshotWork;
  readonly preflight: (database: DatabaseManifest) => Promise<RestorePreflight>;
}

/**
 * Decides what a restore does, and gathers what is in its way.
 * @throws {Failure} InvalidInput for databases and tables that are not in the snapshot
 */
export async function makePlan(parts: PlanParts): Promise<DatabasePlan> {
  const { request, found, manifest, session, preflight } = parts;
  const { target: _, ...rest } = request;
  const targets = planDatabases(manifest, request);
  const present = await existing(session, targets);
  const blockers: string[] = [];
  const warnings: Warning[] = [];
  let server = '';
  for (const { database, target } of targets) {
    const looked = await preflight(database);
    server = looked.server;
    blockers.push(...looked.blockers);
    warnings.push(...looked.warnings, ...(await omittedKeys(parts, database)));
    if (request.tables.length > 0 && present.has(target)) {
      blockers.push(
        `Chosen tables are restored into a new database, and "${target}" exists. Give another name as target.`,
      );
    }
  }
  blockers.push(...(await lackOfSpace(parts, targets)));
  return {
    ...rest,
    ...found,
    server,
    blockers: [...new Set(blockers)],
    warnings,
    databases: targets.map((planned) => ({
      name: planned.database.name,
      target: planned.target,
      beside: planned.beside,
      ...(present.has(planned.target) && { replaced: planned.replaced }),
      bytes: planned.database.dump.bytes,
      sizeBytes: planned.database.sizeBytes,
      sections,
    })),
  };
}

/** Both copies lie beside each other until the old one is removed. */
async function lackOfSpace(
  { request, session, connection }: PlanParts,
  targets: readonly DatabaseTarget<DatabaseManifest>[],
): Promise<readonly string[]> {
  const free = await freeSpace(session, connection);
  const needed = targets.reduce((sum, { database }) => sum + database.sizeBytes, 0);
  // How large a part of a database is, nobody has counted.
  if (free === undefined || request.tables.length > 0 || free >= needed) return [];
  return [
    `The restored copy needs ${gigabytes(needed)}, and ${gigabytes(free)} are free where the server keeps its databases. Free space first.`,
  ];
}

async function omittedKeys(
  { request, source, work }: PlanParts,
  { folder, name }: DatabaseManifest,
): Promise<readonly Warning[]> {
  if (request.tables.length === 0) return [];
  const { omitted } = selectTables((await DumpFolder.open(source, folder, work)).toc, request.tables);
  return omitted.map((key) => ({
    subject: name,
    message: `The foreign key ${key} is left out: it points to a table that is not restored`,
  }));
}

async function existing(
  session: PostgresSession,
  targets: readonly DatabaseTarget<DatabaseManifest>[],
): Promise<ReadonlySet<string>> {
  const found = await session.rows(
    z.object({ name: z.string() }),
    'SELECT datname AS name FROM pg_database WHERE datname = ANY ($1)',
    [targets.map(({ target }) => target)],
  );
  return new Set(found.map(({ name }) => name));
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
