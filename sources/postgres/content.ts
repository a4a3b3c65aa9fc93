import pg from 'pg';
import { z } from 'zod';
import type { PostgresSession } from './session.ts';

/** What one table held: enough to tell whether a restored one is equal, not enough to tell what differs. */
export const tableContentSchema = z.object({
  schema: z.string(),
  name: z.string(),
  rows: z.string(),
  /** Sum of the hashes of the rows as COPY writes them, modulo 2^64, 16 hex digits: the order does not matter. */
  hash: z.string(),
});
export type TableContent = Readonly<z.output<typeof tableContentSchema>>;

export const sequenceStateSchema = z.object({
  schema: z.string(),
  name: z.string(),
  lastValue: z.string(),
  isCalled: z.boolean(),
});
export type SequenceState = Readonly<z.output<typeof sequenceStateSchema>>;

export const largeObjectsSchema = z.object({ count: z.string(), bytes: z.string(), hash: z.string() });
export type LargeObjects = Readonly<z.output<typeof largeObjectsSchema>>;

/** What a database held at one moment. */
export interface DatabaseContent {
  readonly tables: readonly TableContent[];
  readonly largeObjects: LargeObjects;
  /** Number of objects of each kind, those of extensions left out. */
  readonly objects: Readonly<Record<string, number>>;
}

/** A table that has data of its own. */
export interface DataTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
}

/** Tables with data of their own: not partitioned ones, foreign ones or views. */
export async function readTables(session: PostgresSession): Promise<readonly DataTable[]> {
  return await session.rows(tableSchema, tablesQuery);
}

/** Number of objects of each kind, those of extensions left out. */
export async function countObjects(session: PostgresSession): Promise<Readonly<Record<string, number>>> {
  const counts = await session.rows(z.object({ kind: z.string(), count: z.number() }), objectsQuery);
  return Object.fromEntries(counts.map(({ kind, count }) => [kind, count]));
}

/** Values of all sequences. They obey no transaction: each call may see later ones. */
export async function readSequences(session: PostgresSession): Promise<readonly SequenceState[]> {
  const sequences = await session.rows(nameSchema, sequencesQuery);
  const states: SequenceState[] = [];
  for (let start = 0; start < sequences.length; start += sequencesPerQuery) {
    const parts = sequences.slice(start, start + sequencesPerQuery).map(
      ({ schema, name }) =>
        `SELECT ${pg.escapeLiteral(schema)} AS schema, ${pg.escapeLiteral(name)} AS name,
           last_value::text AS "lastValue", is_called AS "isCalled" FROM ${qualified(schema, name)}`,
    );
    states.push(...(await session.rows(sequenceStateSchema, parts.join(' UNION ALL '))));
  }
  return states;
}

/** `"schema"."name"`, to stand in a statement. */
export function qualified(schema: string, name: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}

const sequencesPerQuery = 100;

const nameSchema = z.object({ schema: z.string(), name: z.string() });
const tableSchema = nameSchema.extend({ oid: z.string() });

/** SQL: whether a catalog row belongs to an extension, whose members pg_dump leaves to CREATE EXTENSION. */
function ofExtension(catalog: string, id: string): string {
  return `EXISTS (SELECT FROM pg_depend WHERE classid = '${catalog}'::regclass AND objid = ${id} AND deptype = 'e')`;
}

const userSchemas = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

const userRelations = `pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${userSchemas} AND c.relpersistence <> 't' AND NOT ${ofExtension('pg_class', 'c.oid')}`;

const tablesQuery = `SELECT n.nspname AS schema, c.relname AS name, c.oid::text AS oid
  FROM ${userRelations} AND c.relkind = 'r' ORDER BY 1, 2`;

const sequencesQuery = `SELECT n.nspname AS schema, c.relname AS name FROM ${userRelations}
  AND c.relkind = 'S' ORDER BY 1, 2`;

/**
 * Counts of what a restore must bring back. Only what counts alike in each version: NOT NULL is a constraint
 * since PostgreSQL 18, invalid indexes are not dumped, and rows for partitions depend on the version.
 */
const objectsQuery = `
  SELECT kind, count(*)::int AS count FROM (
    SELECT CASE c.relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables' WHEN 'v' THEN 'views'
      WHEN 'm' THEN CASE WHEN c.relispopulated THEN 'materialized views' ELSE 'empty materialized views' END
      WHEN 'f' THEN 'foreign tables' WHEN 'S' THEN 'sequences' END AS kind
    FROM ${userRelations} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'indexes' FROM ${userRelations} AND c.relkind IN ('i', 'I')
      AND (SELECT indisvalid FROM pg_index WHERE indexrelid = c.oid)
    UNION ALL
    SELECT CASE WHEN k.convalidated THEN 'constraints' ELSE 'constraints not validated' END
    FROM pg_constraint AS k JOIN pg_namespace AS n ON n.oid = k.connamespace
    WHERE ${userSchemas} AND k.contype <> 'n' AND k.conparentid = 0
      AND NOT ${ofExtension('pg_class', 'k.conrelid')} AND NOT ${ofExtension('pg_type', 'k.contypid')}
    UNION ALL
    SELECT 'triggers' FROM pg_trigger AS g WHERE NOT g.tgisinternal AND g.tgparentid = 0
      AND NOT ${ofExtension('pg_trigger', 'g.oid')}
    UNION ALL
    SELECT 'functions' FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
    WHERE ${userSchemas} AND NOT ${ofExtension('pg_proc', 'f.oid')}
    UNION ALL
    SELECT 'types' FROM pg_type AS y JOIN pg_namespace AS n ON n.oid = y.typnamespace
    WHERE ${userSchemas} AND NOT ${ofExtension('pg_type', 'y.oid')}
      AND (y.typtype IN ('d', 'e', 'r')
        OR y.typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = y.typrelid) = 'c')
    UNION ALL
    SELECT 'policies' FROM pg_policy
    UNION ALL
    SELECT 'schemas' FROM pg_namespace AS n WHERE ${userSchemas} AND NOT ${ofExtension('pg_namespace', 'n.oid')}
    UNION ALL
    SELECT 'extensions' FROM pg_extension
    UNION ALL
    SELECT 'event triggers' FROM pg_event_trigger AS e WHERE NOT ${ofExtension('pg_event_trigger', 'e.oid')}
    UNION ALL
    SELECT 'publications' FROM pg_publication
  ) AS counted GROUP BY kind ORDER BY kind`;
