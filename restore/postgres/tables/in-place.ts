import { z } from 'zod';
import type { TableName } from '../../../contracts/database-restore.ts';
import { qualified } from '../../../sources/postgres/content.ts';
import type { PostgresSession } from '../../../sources/postgres/session.ts';

/** What a database in use has of the tables that a restore would replace, and what hangs on them. */

const tableSchema = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  kind: z.string(),
  /** Partitioned or parent table that is not among them. */
  parent: z.string().nullable(),
  extension: z.string().nullable(),
  mayMove: z.boolean(),
});
export type TableInPlace = Readonly<z.output<typeof tableSchema>>;

/** The relations with these names, and the partitions of those that are tables. */
export async function tablesInPlace(
  session: PostgresSession,
  tables: readonly TableName[],
): Promise<readonly TableInPlace[]> {
  return await session.rows(tableSchema, inPlaceQuery, [
    tables.map(({ schema }) => schema),
    tables.map(({ name }) => name),
  ]);
}

/** All tables of these schemas. */
export async function tablesOf(
  session: PostgresSession,
  schemas: readonly string[],
): Promise<readonly TableName[]> {
  return await session.rows(
    z.object({ schema: z.string(), name: z.string() }),
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class AS c
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') ORDER BY c.relkind, 1, 2`,
    [schemas],
  );
}

/** What else uses these tables, and would go on using the old ones: "view shop.open_orders". */
export async function usersOf(
  session: PostgresSession,
  tables: readonly Pick<TableInPlace, 'oid'>[],
): Promise<readonly string[]> {
  const found = await session.rows(z.object({ what: z.string() }), usersQuery, [oidsOf(tables)]);
  // A view uses a table by a rule of its own.
  return found.map(({ what }) => what.replace(/^rule "?_RETURN"? on /, ''));
}

export const keySchema = z.object({
  schema: z.string(),
  table: z.string(),
  name: z.string(),
  definition: z.string(),
});

const foundKeySchema = keySchema.extend({
  /** Table that it points to. */
  to: z.object({ schema: z.string(), name: z.string() }),
  /** Whether our user owns its table. */
  mayChange: z.boolean(),
});

/** A foreign key, with its definition as PostgreSQL words it. */
export type ForeignKey = Readonly<z.output<typeof keySchema>>;
export type FoundKey = Readonly<z.output<typeof foundKeySchema>>;

/** Foreign keys of other tables that point to these. */
export async function keysTo(
  session: PostgresSession,
  tables: readonly Pick<TableInPlace, 'oid'>[],
): Promise<readonly FoundKey[]> {
  return await session.rows(foundKeySchema, keysQuery('k.confrelid', 'k.conrelid'), [oidsOf(tables)]);
}

/** Foreign keys of these tables that point to others. */
export async function keysFrom(
  session: PostgresSession,
  tables: readonly Pick<TableInPlace, 'oid'>[],
): Promise<readonly FoundKey[]> {
  return await session.rows(foundKeySchema, keysQuery('k.conrelid', 'k.confrelid'), [oidsOf(tables)]);
}

export function addKey({ schema, table, name, definition }: ForeignKey): string {
  return `ALTER TABLE ${qualified(schema, table)} ADD CONSTRAINT ${quoted(name)} ${definition}`;
}

export function dropKey({ schema, table, name }: ForeignKey): string {
  return `ALTER TABLE ${qualified(schema, table)} DROP CONSTRAINT ${quoted(name)}`;
}

/** "shop.order". */
export function nameOf({ schema, name }: TableName): string {
  return `${schema}.${name}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function oidsOf(tables: readonly Pick<TableInPlace, 'oid'>[]): readonly string[] {
  return tables.map(({ oid }) => oid);
}

const inPlaceQuery = `
  WITH RECURSIVE wanted AS (
    SELECT c.oid FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    JOIN pg_namespace AS n ON n.nspname = w.schema JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
    UNION
    SELECT c.oid FROM wanted JOIN pg_inherits AS i ON i.inhparent = wanted.oid
    JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition AND c.relkind IN ('r', 'p', 'f')
  )
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
    pg_has_role(c.relowner, 'USAGE') AS "mayMove",
    (SELECT i.inhparent::regclass::text FROM pg_inherits AS i
     WHERE i.inhrelid = c.oid AND i.inhparent NOT IN (SELECT oid FROM wanted) LIMIT 1) AS parent,
    (SELECT e.extname FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AS extension
  FROM wanted JOIN pg_class AS c USING (oid) JOIN pg_namespace AS n ON n.oid = c.relnamespace
  ORDER BY c.relkind, 2, 3`;

/**
 * What depends on the tables or on what is a part of them (row type, columns, indexes, sequences of its own), and
 * is no part itself (manual of PostgreSQL, pg_depend). Foreign keys are seen to apart. A publication holds its
 * tables as parts.
 */
const usersQuery = `
  WITH RECURSIVE part AS (
    SELECT 'pg_class'::regclass::oid AS class, o::oid AS object FROM unnest($1::text[]) AS o
    UNION
    SELECT d.classid, d.objid FROM part JOIN pg_depend AS d ON d.refclassid = part.class AND d.refobjid = part.object
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
  )
  SELECT DISTINCT pg_describe_object(found.class, found.object, 0) AS what FROM (
    SELECT d.classid AS class, d.objid AS object
    FROM part JOIN pg_depend AS d ON d.refclassid = part.class AND d.refobjid = part.object
    WHERE d.deptype IN ('n', 'x') AND (d.classid, d.objid) NOT IN (SELECT class, object FROM part)
      AND NOT (d.classid = 'pg_constraint'::regclass
        AND EXISTS (SELECT FROM pg_constraint AS k WHERE k.oid = d.objid AND k.contype = 'f'))
    UNION
    SELECT class, object FROM part WHERE class = 'pg_publication_rel'::regclass
  ) AS found ORDER BY 1`;

/** Keys of partitions come with those of their table. */
function keysQuery(ours: string, others: string): string {
  return `SELECT n.nspname AS schema, c.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition,
      pg_has_role(c.relowner, 'USAGE') AS "mayChange", json_build_object('schema', tn.nspname, 'name', t.relname) AS to
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      JOIN pg_class AS t ON t.oid = k.confrelid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0
      AND ${ours} = ANY ($1::oid[]) AND ${others} <> ALL ($1::oid[]) ORDER BY 1, 2, 3`;
}
