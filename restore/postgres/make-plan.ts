import { z } from 'zod';
import type { DatabasePlan, DatabasePlanRequest, PlannedDatabase } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import { manifestFile, tocFile } from '../../sources/describing-files.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import type { DatabaseManifest, PostgresManifest } from '../../sources/postgres/manifest.ts';
import type { PostgresSession } from '../../sources/postgres/session.ts';
import type { DatabaseTarget } from '../choose-databases.ts';
import type { FoundSnapshot, SnapshotWork } from '../database-restorer.ts';
import { DumpFolder } from './dump-folder.ts';
import { databasesThere, inDatabase } from './in-database.ts';
import { mapManifest, rolesOf } from './map-roles.ts';
import { planDatabases } from './plan.ts';
import type { RestorePreflight } from './preflight.ts';
import { sections } from './sections.ts';
import { selectTables } from './select-tables.ts';
import { freeSpace } from './space.ts';
import { planTables } from './tables/plan.ts';

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
  checkRoles(targets, request);
  const present = await databasesThere(
    session,
    targets.map(({ target }) => target),
  );
  const blockers: string[] = [];
  const warnings: Warning[] = [];
  let server = '';
  const databases: PlannedDatabase[] = [];
  for (const planned of targets) {
    const database = mapManifest(planned.database, request.mapRoles ?? {});
    const looked = await preflight(database);
    server = looked.server;
    blockers.push(...looked.blockers);
    warnings.push(...looked.warnings);
    if (request.tables.length > 0 && present.has(planned.target)) {
      const intoIt = await planIntoExisting(parts, planned);
      blockers.push(...intoIt.blockers);
      warnings.push(...intoIt.warnings);
      databases.push(intoIt.database);
    } else {
      warnings.push(...(await omittedKeys(parts, database)));
      databases.push(plannedDatabase(planned, present.has(planned.target) ? planned.replaced : undefined));
    }
  }
  if (databases.filter(({ tables }) => tables !== undefined).length > 1) {
    blockers.push('Tables of one database are replaced at a time: choose it with --include.');
  }
  blockers.push(...(await lackOfSpace(parts, targets)));
  return {
    ...rest,
    ...found,
    server,
    blockers: [...new Set(blockers)],
    warnings,
    databases,
    reads: await readsOf(parts, targets),
  };
}

/** Of chosen tables, the rows alone. */
async function readsOf(
  { request: { tables }, source, work }: PlanParts,
  targets: readonly DatabaseTarget<DatabaseManifest>[],
): Promise<readonly string[]> {
  const reads = [`/${source}/${manifestFile}`];
  for (const { database } of targets) {
    const folder = `/${source}/${database.folder}`;
    if (tables.length === 0) reads.push(folder);
    else {
      const { toc } = await DumpFolder.open(source, database.folder, work);
      const files = selectTables(toc, tables).entries.flatMap(({ id }) => toc.files.get(id) ?? []);
      reads.push(...[tocFile, ...files].map((file) => `${folder}/${file}`));
    }
  }
  return reads;
}

function plannedDatabase(
  { database, target, beside }: DatabaseTarget<DatabaseManifest>,
  replaced: string | undefined,
): PlannedDatabase {
  return {
    ...{ name: database.name, target, beside, sections },
    ...(replaced !== undefined && { replaced }),
    bytes: database.dump.bytes,
    sizeBytes: database.sizeBytes,
  };
}

/** Chosen tables, in the place of those of a database that stays. */
async function planIntoExisting(
  { request, source, connection, work }: PlanParts,
  planned: DatabaseTarget<DatabaseManifest>,
): Promise<IntoExisting> {
  const { target, database } = planned;
  const { toc } = await DumpFolder.open(source, database.folder, work);
  const { signal } = work;
  return await inDatabase(connection, target, {
    signal,
    use: async (session) => {
      const found = await planTables(session, toc, { ...request, target });
      const kept = found.tables.schemas.map(({ replaced }) => replaced).join(', ');
      return {
        database: {
          ...plannedDatabase(planned, found.isReplacing ? kept : undefined),
          tables: found.tables,
        },
        blockers: [...found.blockers, ...(await otherEncoding(session, database))],
        warnings: found.warnings.map((message) => ({ subject: target, message })),
      };
    },
  });
}

interface IntoExisting {
  readonly database: PlannedDatabase;
  readonly blockers: readonly string[];
  readonly warnings: readonly Warning[];
}

/** Rows are compared as bytes. */
async function otherEncoding(
  session: PostgresSession,
  { properties: { encoding } }: DatabaseManifest,
): Promise<readonly string[]> {
  const { there } = await session.row(
    z.object({ there: z.string() }),
    'SELECT getdatabaseencoding() AS there',
  );
  if (there === encoding) return [];
  return [
    `The database "${session.database}" is encoded in ${there}, the backup in ${encoding}. Restore the tables into a new database.`,
  ];
}

/** @throws {Failure} InvalidInput for a role that no database of the snapshot knows */
function checkRoles(
  targets: readonly DatabaseTarget<DatabaseManifest>[],
  { mapRoles = {} }: DatabasePlanRequest,
): void {
  const known = new Set(targets.flatMap(({ database }) => rolesOf(database)));
  const wrong = Object.keys(mapRoles).find((role) => !known.has(role));
  if (wrong === undefined) return;
  throw new Failure('InvalidInput', `mapRoles: the snapshot knows no role "${wrong}"`, {
    advice: `It knows ${[...known].sort().join(', ')}.`,
  });
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
    message: `The foreign key ${key.name} is left out: it points to a table that is not restored`,
  }));
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
