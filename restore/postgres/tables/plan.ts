import { createHash } from 'node:crypto';
import { z } from 'zod';
import type {
  DatabasePlanRequest,
  PlannedSchema,
  PlannedTables,
  TableName,
} from '../../../contracts/database-restore.ts';
import { besideNames } from '../../../sources/beside-names.ts';
import type { Toc, TocEntry } from '../../../sources/postgres/archive/toc.ts';
import type { PostgresSession } from '../../../sources/postgres/session.ts';
import { longestName } from '../plan.ts';
import { selectTables } from '../select-tables.ts';
import { decoded, qualifiedName } from '../toc-names.ts';
import { keysTo, nameOf, type TableInPlace, tablesInPlace, usersOf } from './in-place.ts';

export interface TablesRequest extends Pick<DatabasePlanRequest, 'tables' | 'runId' | 'startedAt'> {
  /** Database that they go into. */
  readonly target: string;
}

export interface TablesPlan {
  readonly tables: PlannedTables;
  /** Whether some of them are there. */
  readonly isReplacing: boolean;
  readonly blockers: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Decides how chosen tables get into a database in use, and gathers what is in the way: whatever uses the old tables
 * would go on using them when they are moved away.
 * @param session in the target database
 * @throws {Failure} InvalidInput for a table that is not in the dump
 */
export async function planTables(
  session: PostgresSession,
  toc: Pick<Toc, 'entries'>,
  request: TablesRequest,
): Promise<TablesPlan> {
  const selected = selectTables(toc, request.tables);
  const chosen = selected.chosen.map((entry) => ({
    schema: decoded(entry.schema),
    name: decoded(entry.tag),
  }));
  const there = await tablesInPlace(session, chosen);
  const referenced = selected.omitted.map(({ to }) => to);
  const known = new Set((await tablesInPlace(session, referenced)).map(nameOf));
  const foreign = (await keysTo(session, there)).filter(({ mayChange }) => !mayChange);
  const schemas = new Set([...chosen, ...there].map(({ schema }) => schema));
  return {
    tables: { chosen, schemas: [...schemas].sort().map((schema) => placesOf(schema, request)) },
    isReplacing: there.length > 0,
    blockers: [
      ...outsideParents(toc.entries, selected.chosen),
      ...there.flatMap((table) => hindrancesOf(table, request.target)),
      ...foreign.map(
        ({ schema, table, name }) =>
          `The user of the restore does not own ${schema}.${table}, whose foreign key ${name} points to a table that would be replaced. Restore as its owner.`,
      ),
      ...(await lackingRights(session, [...schemas])),
      ...(await usersOf(session, there)).map(
        (what) =>
          `The ${what} uses a table that would be replaced, and would go on using the old one. Drop it before, and make it again afterwards; or restore into a new database.`,
      ),
    ],
    warnings: selected.omitted
      .filter(({ to }) => !known.has(nameOf(to)))
      .map(({ name, to }) => `The foreign key ${name} is left out: there is no table ${nameOf(to)}`),
  };
}

/** Schemas beside a schema: named after it and the database, so that no other restore uses the same. */
function placesOf(schema: string, { target, runId, startedAt }: TablesRequest): PlannedSchema {
  const database = createHash('sha256').update(target).digest('hex');
  const run = { runId: `${runId}\0${database}\0tables`, startedAt };
  return { schema, ...besideNames(schema, run, longestName) };
}

/** Children of tables that are not chosen: their rows would show there while they are loaded. */
function outsideParents(entries: readonly TocEntry[], chosen: readonly TocEntry[]): readonly string[] {
  const byId = new Map(entries.map((entry) => [String(entry.id), entry]));
  return chosen.flatMap((table) => {
    const parents = new Set(table.dependencies.flatMap((id) => byId.get(id) ?? []));
    const outside = [...parents].filter((entry) => entry.kind === 'TABLE' && !chosen.includes(entry));
    return outside.map(
      (parent) =>
        `The table ${qualifiedName(table)} is a part of ${qualifiedName(parent)}. Choose that table too, or restore into a new database.`,
    );
  });
}

function hindrancesOf(table: TableInPlace, database: string): readonly string[] {
  const { kind, parent, extension, mayMove } = table;
  const name = nameOf(table);
  if (kind !== 'r' && kind !== 'p') {
    return [`${name} of the database "${database}" is no table of its own. Give another name as target.`];
  }
  return [
    ...(parent === null ? [] : [`The table ${name} is a part of ${parent}. Choose that table too.`]),
    ...(extension === null ? [] : [`The table ${name} belongs to the extension ${extension}.`]),
    ...(mayMove ? [] : [`The user of the restore does not own the table ${name}. Restore as its owner.`]),
  ];
}

/** Schemas beside are made, and tables moved into those that are there. */
async function lackingRights(
  session: PostgresSession,
  schemas: readonly string[],
): Promise<readonly string[]> {
  const found = await session.rows(
    z.object({ what: z.string() }),
    `SELECT format('schema %I', nspname) AS what FROM pg_namespace
       WHERE nspname = ANY ($1) AND NOT has_schema_privilege(oid, 'CREATE')
     UNION ALL SELECT format('database %I', current_database())
       WHERE NOT has_database_privilege(current_database(), 'CREATE')`,
    [schemas],
  );
  return found.map(
    ({ what }) => `The user of the restore may not create in the ${what}. Grant CREATE on it.`,
  );
}

/** Tables as people name them. */
export function namesOf(tables: readonly TableName[]): string {
  return tables.map(nameOf).join(', ');
}
