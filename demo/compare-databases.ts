import type pg from 'pg';
import type { Secret } from '../secrets/secret.ts';
import { withClient } from './shop/fill.ts';

export interface DatabaseComparison {
  readonly tables: number;
  readonly rows: number;
  /** Further objects: sequences, views, indexes, constraints, functions, triggers, extensions. */
  readonly objects: number;
  /** A sentence for each difference. */
  readonly differences: readonly string[];
}

/** Compares each table's rows by count and content, and the definitions of all else. */
export async function compareDatabases(original: Secret, restored: Secret): Promise<DatabaseComparison> {
  const [expected, found] = await Promise.all([
    withClient(original, describe),
    withClient(restored, describe),
  ]);
  const differences = [
    ...differencesOf('table', expected.tables, found.tables),
    ...differencesOf('object', expected.objects, found.objects),
  ];
  const rows = [...expected.tables.values()].reduce((sum, { rows: count }) => sum + count, 0);
  return { tables: expected.tables.size, rows, objects: expected.objects.size, differences };
}

interface TableContent {
  readonly rows: number;
  readonly hash: string;
}

interface Description {
  readonly tables: ReadonlyMap<string, TableContent>;
  readonly objects: ReadonlyMap<string, string>;
}

async function describe(client: pg.Client): Promise<Description> {
  // What is shown as text must not depend on settings that a database can bring along.
  await client.query(
    "SET extra_float_digits = 3; SET datestyle = 'ISO'; SET timezone = 'UTC'; SET bytea_output = 'hex'",
  );
  await client.query("SELECT set_config('search_path', '', false)");
  const tables = new Map<string, TableContent>();
  for (const name of await tableNames(client)) tables.set(name, await readContent(client, name));
  return { tables, objects: await readObjects(client) };
}

const userSchemas = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";

/** Tables, partitions and materialised views, quoted; those of extensions belong to the extension. */
async function tableNames(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND ${userSchemas}
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1`);
  return rows.map(({ name }) => name);
}

/** The sum of the rows' hashes depends on no order, and takes no memory. */
async function readContent(client: pg.Client, table: string): Promise<TableContent> {
  const { rows } = await client.query<{ rows: string; hash: string }>(`
    SELECT count(*) AS rows, coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint::numeric), 0) AS hash
    FROM ${table} t`);
  const [content] = rows;
  if (!content) throw new Error(`No answer about ${table}`);
  return { rows: Number(content.rows), hash: content.hash };
}

/** Definitions of what is no table, by kind and name. */
const objectQueries = [
  "SELECT format('extension %I', extname) AS name, extversion AS definition FROM pg_extension",
  `SELECT format('sequence %I.%I', n.nspname, c.relname) AS name,
     concat_ws(' ', s.start_value, s.min_value, s.max_value, s.increment_by, s.cycle, s.cache_size, s.last_value) AS definition
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   JOIN pg_sequences s ON s.schemaname = n.nspname AND s.sequencename = c.relname
   WHERE c.relkind = 'S' AND ${userSchemas}`,
  `SELECT format('view %I.%I', n.nspname, c.relname) AS name, pg_get_viewdef(c.oid) AS definition
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('v', 'm') AND ${userSchemas}`,
  `SELECT format('index %I.%I', n.nspname, c.relname) AS name, pg_get_indexdef(c.oid) AS definition
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('i', 'I') AND ${userSchemas}`,
  `SELECT format('constraint %I.%s.%I', n.nspname, conrelid::regclass, conname) AS name, pg_get_constraintdef(x.oid) AS definition
   FROM pg_constraint x JOIN pg_namespace n ON n.oid = x.connamespace
   WHERE ${userSchemas}`,
  `SELECT format('trigger %I on %s', tgname, tgrelid::regclass) AS name, pg_get_triggerdef(oid) AS definition
   FROM pg_trigger WHERE NOT tgisinternal`,
  `SELECT format('function %s', p.oid::regprocedure) AS name, pg_get_functiondef(p.oid) AS definition
   FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE p.prokind = 'f' AND ${userSchemas}
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`,
  `SELECT format('column %s.%I', a.attrelid::regclass, a.attname) AS name,
     concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
       pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum)) AS definition
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm', 'v') AND ${userSchemas}`,
];

async function readObjects(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const objects = new Map<string, string>();
  for (const query of objectQueries) {
    const { rows } = await client.query<{ name: string; definition: string | null }>(query);
    for (const { name, definition } of rows) objects.set(name, definition ?? '');
  }
  return objects;
}

function differencesOf(
  kind: string,
  expected: ReadonlyMap<string, unknown>,
  found: ReadonlyMap<string, unknown>,
): string[] {
  const differences: string[] = [];
  for (const [name, value] of expected) {
    const other = found.get(name);
    if (other === undefined) differences.push(`the ${kind} ${name} is missing`);
    else if (JSON.stringify(other) !== JSON.stringify(value)) {
      differences.push(
        `the ${kind} ${name} differs: ${JSON.stringify(value)} became ${JSON.stringify(other)}`,
      );
    }
  }
  for (const name of found.keys()) {
    if (!expected.has(name)) differences.push(`the ${kind} ${name} is not in the original`);
  }
  return differences;
}
