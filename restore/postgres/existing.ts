import pg from 'pg';
import { z } from 'zod';
import type { TocEntry } from '../../sources/postgres/archive/toc.ts';
import type { PostgresSession } from '../../sources/postgres/session.ts';

/** What an earlier attempt has left in a database. Names are compared as the bytes that the database keeps. */

const tableSchema = z.object({ key: z.string(), schema: z.string(), name: z.string() });
const keySchema = z.object({ key: z.string() });
const foundSchema = z.object({ key: z.string(), filled: z.boolean() });

/** Statements of so many tables go together. */
const tablesPerQuery = 200;

/** Key of the object that an entry is about. */
export function keyOf({ schema = '', tag = '' }: TocEntry): string {
  return [schema, tag].map((part) => Buffer.from(part, 'latin1').toString('hex')).join('.');
}

/**
 * Keys of the tables that have rows of their own.
 * @param schemas those that are looked at; all of them when left out
 */
export async function filledTables(
  session: PostgresSession,
  schemas?: readonly string[],
): Promise<ReadonlySet<string>> {
  const tables = await session.rows(tableSchema, tablesQuery, [schemas ?? null]);
  const filled = new Set<string>();
  for (let start = 0; start < tables.length; start += tablesPerQuery) {
    const parts = tables
      .slice(start, start + tablesPerQuery)
      .map(
        ({ key, schema, name }) =>
          `SELECT '${key}' AS key, EXISTS (SELECT FROM ONLY ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}) AS filled`,
      );
    for (const found of await session.rows(foundSchema, parts.join(' UNION ALL '))) {
      if (found.filled) filled.add(found.key);
    }
  }
  return filled;
}

/** Drops all large objects, some at a time: each holds a lock until the statement ends. */
export async function dropLargeObjects(session: PostgresSession): Promise<void> {
  const drop = `SELECT lo_unlink(oid) AS dropped FROM (SELECT oid FROM pg_largeobject_metadata LIMIT 1000) AS objects`;
  while ((await session.rows(z.object({ dropped: z.number() }), drop)).length > 0);
}

/** Keys of the indexes and constraints that are there and valid. */
export async function existingObjects(session: PostgresSession): Promise<ReadonlySet<string>> {
  const found = await session.rows(keySchema, builtQuery);
  return new Set(found.map(({ key }) => key));
}

/** Whether it is one of those, which take time to build. The tag of a constraint is "table constraint". */
export function isBuilt(entry: TocEntry, existing: ReadonlySet<string>): boolean {
  return ['INDEX', 'CONSTRAINT', 'FK CONSTRAINT'].includes(entry.kind) && existing.has(keyOf(entry));
}

const bytes = (column: string): string => `encode(convert_to(${column}, getdatabaseencoding()), 'hex')`;

const tablesQuery = `SELECT ${bytes('n.nspname')} || '.' || ${bytes('c.relname')} AS key,
    n.nspname AS schema, c.relname AS name
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND ($1::text[] IS NULL OR n.nspname = ANY ($1))`;

const builtQuery = `
  SELECT ${bytes('n.nspname')} || '.' || ${bytes('c.relname')} AS key
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE i.indisvalid
  UNION
  SELECT ${bytes('n.nspname')} || '.' || ${bytes(`c.relname || ' ' || k.conname`)} AS key
  FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace`;
