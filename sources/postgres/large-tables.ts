import { z } from 'zod';
import type { PostgresSession } from './session.ts';

/** Tables that one pg_dump of their own takes; the rest of the database is for the first one. */
export type TableGroup = readonly string[];

export interface GroupOptions {
  /** Programs that dump at the same time. */
  readonly jobs: number;
  /** Smaller tables are not worth a program of their own. Default: 64 MiB. */
  readonly largeTableBytes?: number;
}

const defaultLargeTableBytes = 67_108_864;

/** An argument for each; the system bounds their length. */
const tablesOfAGroup = 100;

/**
 * Shares the large tables of a database among programs, so that each has about as much to read.
 * @returns patterns of the tables of every program but the first
 */
export async function groupTables(
  session: PostgresSession,
  { jobs, largeTableBytes = defaultLargeTableBytes }: GroupOptions,
): Promise<readonly TableGroup[]> {
  if (jobs < 2) return [];
  const tables = await session.rows(sizeSchema, sizesQuery);
  const isLarge = ({ name, schema, bytes }: TableSize): boolean =>
    bytes >= largeTableBytes && isAscii(schema) && isAscii(name);
  const rest = tables.reduce((sum, table) => (isLarge(table) ? sum : sum + table.bytes), 0);
  const groups = Array.from({ length: jobs }, (_, index) => ({
    bytes: index === 0 ? rest : 0,
    tables: [] as string[],
  }));
  for (const { schema, name, bytes } of tables.filter(isLarge)) {
    const open = groups.filter((group) => group.tables.length < tablesOfAGroup);
    const [least] = open.toSorted((left, right) => left.bytes - right.bytes);
    // What no program has room for is left to the first one.
    if (least === undefined) break;
    least.bytes += bytes;
    least.tables.push(pattern(schema, name));
  }
  return groups.slice(1).flatMap((group) => (group.tables.length === 0 ? [] : [group.tables]));
}

/** Matches exactly this table (manual of psql, "Patterns"): in quotes only the quote itself means something. */
function pattern(schema: string, name: string): string {
  return [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** Programs read their arguments in the encoding of the database. */
function isAscii(text: string): boolean {
  return /^[\x20-\x7e\t\n]*$/.test(text);
}

type TableSize = z.output<typeof sizeSchema>;

const sizeSchema = z.object({ schema: z.string(), name: z.string(), bytes: z.coerce.number() });

const sizesQuery = `SELECT n.nspname AS schema, c.relname AS name, pg_table_size(c.oid) AS bytes
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
  ORDER BY bytes DESC, 1, 2`;
