import { z } from 'zod';
import type { MysqlSession } from './session.ts';

/** What a database consists of, besides its rows. */
export interface DatabaseStructure {
  /** Tables with rows → what changes when somebody alters or empties the table. */
  readonly tables: ReadonlyMap<string, string>;
  /** Number of objects of each kind. */
  readonly objects: Readonly<Record<string, number>>;
  /** Users in whose name views, routines, triggers and events run: "app@%". */
  readonly definers: readonly string[];
}

const countSchema = z.object({ kind: z.string(), count: z.coerce.number() });

export async function readStructure(
  session: MysqlSession,
  database: string,
  excludedTables: readonly string[] = [],
): Promise<DatabaseStructure> {
  const tables = await session.rows(z.object({ name: z.string(), state: z.string() }), tablesQuery, [
    database,
    database,
  ]);
  // A list in SQL must not be empty; no table has an empty name.
  const excluded = ['', ...excludedTables];
  const counts = await session.rows(countSchema, objectsQuery, [
    ...[database, excluded],
    ...[database, excluded],
    ...[database, excluded],
    ...[database, excluded],
    ...[database, database],
  ]);
  const definers = await session.rows(
    z.object({ definer: z.string() }),
    definersQuery,
    Array.from({ length: 4 }, () => database),
  );
  return {
    tables: new Map(
      tables.filter(({ name }) => !excludedTables.includes(name)).map(({ name, state }) => [name, state]),
    ),
    objects: Object.fromEntries(counts.map(({ kind, count }) => [kind, count])),
    definers: definers.map(({ definer }) => definer),
  };
}

/** Tables that were altered or emptied between two looks; those that came or went are not among them. */
export function changedTables(before: DatabaseStructure, after: DatabaseStructure): readonly string[] {
  return [...before.tables]
    .filter(([name, state]) => (after.tables.get(name) ?? state) !== state)
    .map(([name]) => name);
}

/** Altering most columns and emptying a table make a new one; columns that are added at once do not. */
const tablesQuery = `
  SELECT t.table_name AS name, concat_ws(' ', t.create_time, coalesce(c.columns, '')) AS state
  FROM information_schema.tables AS t
  LEFT JOIN (
    SELECT table_name, sum(crc32(concat_ws('|', column_name, ordinal_position, column_type, is_nullable,
      column_default, extra, collation_name))) AS columns
    FROM information_schema.columns WHERE table_schema = ? GROUP BY table_name
  ) AS c ON c.table_name = t.table_name
  WHERE t.table_schema = ? AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
  ORDER BY BINARY t.table_name`;

const objectsQuery = `
  SELECT kind, count(*) AS count FROM (
    SELECT CASE table_type WHEN 'VIEW' THEN 'views' WHEN 'SEQUENCE' THEN 'sequences' ELSE 'tables' END AS kind
    FROM information_schema.tables WHERE table_schema = ? AND table_name NOT IN (?)
    UNION ALL
    SELECT 'indexes' FROM information_schema.statistics
    WHERE table_schema = ? AND seq_in_index = 1 AND table_name NOT IN (?)
    UNION ALL
    SELECT 'foreign keys' FROM information_schema.table_constraints
    WHERE table_schema = ? AND constraint_type = 'FOREIGN KEY' AND table_name NOT IN (?)
    UNION ALL
    SELECT 'triggers' FROM information_schema.triggers
    WHERE trigger_schema = ? AND event_object_table NOT IN (?)
    UNION ALL
    SELECT concat(lower(routine_type), 's') FROM information_schema.routines WHERE routine_schema = ?
    UNION ALL
    SELECT 'events' FROM information_schema.events WHERE event_schema = ?
  ) AS counted GROUP BY kind ORDER BY kind`;

const definersQuery = `
  SELECT DISTINCT definer FROM (
    SELECT definer AS definer FROM information_schema.views WHERE table_schema = ?
    UNION SELECT definer FROM information_schema.triggers WHERE trigger_schema = ?
    UNION SELECT definer FROM information_schema.routines WHERE routine_schema = ?
    UNION SELECT definer FROM information_schema.events WHERE event_schema = ?
  ) AS all_definers ORDER BY definer`;
