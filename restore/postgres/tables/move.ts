import pg from 'pg';
import { z } from 'zod';
import type { PlannedSchema } from '../../../contracts/database-restore.ts';
import { qualified } from '../../../sources/postgres/content.ts';
import type { PostgresSession } from '../../../sources/postgres/session.ts';
import type { TableInPlace } from './in-place.ts';

type Place = keyof PlannedSchema;

/**
 * Moves tables, with the indexes, sequences and statistics of theirs, from the schemas that they are in to their
 * counterparts. The session is in a transaction; schemas that are missing are made.
 */
export async function moveTables(
  session: PostgresSession,
  tables: readonly Pick<TableInPlace, 'oid' | 'schema' | 'name'>[],
  schemas: readonly PlannedSchema[],
  to: Place,
): Promise<void> {
  const places = new Map(
    schemas.flatMap((schema) => Object.values(schema).map((name: string) => [name, schema[to]] as const)),
  );
  for (const name of new Set(tables.map(({ schema }) => places.get(schema) ?? schema))) {
    await session.run(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(name)}`);
  }
  const statistics = await session.rows(statisticsSchema, statisticsQuery, [tables.map(({ oid }) => oid)]);
  for (const { schema, name, tableSchema } of statistics) {
    const place = places.get(tableSchema) ?? tableSchema;
    await session.run(`ALTER STATISTICS ${qualified(schema, name)} SET SCHEMA ${pg.escapeIdentifier(place)}`);
  }
  for (const { schema, name } of tables) {
    const place = places.get(schema) ?? schema;
    await session.run(`ALTER TABLE ${qualified(schema, name)} SET SCHEMA ${pg.escapeIdentifier(place)}`);
  }
}

const statisticsSchema = z.object({ schema: z.string(), name: z.string(), tableSchema: z.string() });

const statisticsQuery = `
  SELECT s.nspname AS schema, x.stxname AS name, t.nspname AS "tableSchema"
  FROM pg_statistic_ext AS x JOIN pg_namespace AS s ON s.oid = x.stxnamespace
    JOIN pg_class AS c ON c.oid = x.stxrelid JOIN pg_namespace AS t ON t.oid = c.relnamespace
  WHERE x.stxrelid = ANY ($1::oid[])`;
