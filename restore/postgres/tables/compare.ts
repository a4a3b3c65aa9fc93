import { z } from 'zod';
import type { PlannedDatabase, PlannedTables } from '../../../contracts/database-restore.ts';
import type { RestoreCheck } from '../../../contracts/jobs.ts';
import { readTables, type TableContent } from '../../../sources/postgres/content.ts';
import { contentOf } from '../../../sources/postgres/database-capture.ts';
import { DatabaseDump } from '../../../sources/postgres/database-dump.ts';
import type { ProgramContext } from '../../../sources/postgres/dump.ts';
import type { DatabaseManifest } from '../../../sources/postgres/manifest.ts';
import { type DatabaseSnapshot, takeSnapshot } from '../../../sources/postgres/snapshot.ts';
import { compareCounts, shortenedChecks } from '../../checks.ts';
import { compareTables as compareContents, readDump } from '../compare.ts';
import { inDatabase } from '../in-database.ts';
import { nameOf } from './in-place.ts';

export interface TablesCompare {
  readonly step: PlannedDatabase & { readonly tables: PlannedTables };
  readonly manifest: DatabaseManifest;
  readonly programs: ProgramContext;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Compares the tables that wait beside with the rows that the snapshot tells of, and what belongs to them with the
 * scratch database, which was made from the dump alone.
 */
export async function compareTables(request: TablesCompare): Promise<readonly RestoreCheck[]> {
  const { step, manifest, programs } = request;
  const chosen = new Set(step.tables.chosen.map(nameOf));
  const expected = manifest.tables.filter((table) => chosen.has(nameOf(table)));
  const schemas = step.tables.schemas.map(({ beside }) => beside);
  const { connection, signal } = programs;
  const expectedObjects = await inDatabase(connection, step.beside, {
    signal,
    use: (session) => countParts(session, schemas),
  });
  const snapshot = await takeSnapshot(connection, step.target, signal);
  try {
    const found = await readBeside(request, snapshot);
    const objects = await countParts(snapshot.session, schemas);
    return [...shortenedChecks(compareContents(expected, found)), ...compareCounts(expectedObjects, objects)];
  } finally {
    await snapshot.session.close();
  }
}

/** The tables beside, under the names that they shall have. */
async function readBeside(
  { step, programs, onBytes }: TablesCompare,
  snapshot: DatabaseSnapshot,
): Promise<readonly TableContent[]> {
  const places = new Map(step.tables.schemas.map(({ beside, schema }) => [beside, schema]));
  const all = await readTables(snapshot.session);
  const tables = all.filter(({ schema }) => places.has(schema));
  // Names that are ASCII, however the schema is called; in quotes only the quote itself means something.
  const args = [...places.keys()].map((schema) => `--schema="${schema.replaceAll('"', '""')}"`);
  const dump = new DatabaseDump(programs, snapshot, { args: ['--data-only', ...args], groups: [] });
  return contentOf(tables, await readDump(dump, onBytes)).map((table) => ({
    ...table,
    schema: places.get(table.schema) ?? table.schema,
  }));
}

const countSchema = z.object({ kind: z.string(), count: z.number() });

/** Foreign keys to other tables come last, when the tables change places. */
async function countParts(
  session: DatabaseSnapshot['session'],
  schemas: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const counts = await session.rows(countSchema, partsQuery, [schemas]);
  return Object.fromEntries(counts.map(({ kind, count }) => [kind, count]));
}

const partsQuery = `
  WITH own AS (
    SELECT c.oid, c.relkind FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY ($1)
  )
  SELECT kind, count(*)::int AS count FROM (
    SELECT CASE relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables' WHEN 'S' THEN 'sequences'
      WHEN 'i' THEN 'indexes' WHEN 'I' THEN 'partitioned indexes' END AS kind
    FROM own WHERE relkind IN ('r', 'p', 'S', 'i', 'I')
    UNION ALL
    SELECT 'constraints' FROM pg_constraint AS k JOIN own ON own.oid = k.conrelid
    WHERE k.contype <> 'n' AND (k.contype <> 'f' OR k.confrelid IN (SELECT oid FROM own))
    UNION ALL
    SELECT 'triggers' FROM pg_trigger AS t JOIN own ON own.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'policies' FROM pg_policy AS p JOIN own ON own.oid = p.polrelid
    UNION ALL
    SELECT 'rules' FROM pg_rewrite AS w JOIN own ON own.oid = w.ev_class WHERE own.relkind IN ('r', 'p')
    UNION ALL
    SELECT 'defaults' FROM pg_attrdef AS d JOIN own ON own.oid = d.adrelid
  ) AS counted GROUP BY kind ORDER BY kind`;
