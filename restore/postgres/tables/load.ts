import pg from 'pg';
import type { PlannedTables } from '../../../contracts/database-restore.ts';
import { Failure } from '../../../contracts/failures.ts';
import { section as sections, type Toc, type TocEntry } from '../../../sources/postgres/archive/toc.ts';
import type { ProgramContext } from '../../../sources/postgres/dump.ts';
import type { PostgresSession } from '../../../sources/postgres/session.ts';
import { inDatabase } from '../in-database.ts';
import { type RestoreProgram, runRestore } from '../pg-restore.ts';
import { loadKeys, loadRows, type SectionLoad } from '../sections.ts';
import { framingKinds, type SelectedTables } from '../select-tables.ts';
import { decoded, encoded, qualifiedName } from '../toc-names.ts';
import { nameOf } from './in-place.ts';
import { forgetNeeds, missingNeeds, needsOf, recordNeeds, withCompanions } from './needs.ts';
import { dumpScratch, fillScratch, outwardKeys, ownEntries, structure } from './scratch.ts';

/** A section of chosen tables on its way into schemas beside those of a database in use. */
export interface TablesLoad extends SectionLoad {
  readonly tables: PlannedTables;
  readonly selected: SelectedTables;
  /** Fills the scratch database, which is empty before the first section. */
  readonly scratch: RestoreProgram;
  /** Dumps it. */
  readonly programs: ProgramContext;
  /** Roles that will own the tables. */
  readonly owners: readonly string[];
}

/** Kinds that are not made in a database because a table needs them. */
const notMade = ['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'CONSTRAINT', 'INDEX'];

/** @throws {Failure} as `runRestore`; RestoreBlocked for a table that others need and the database lacks */
export async function loadTables(section: string, load: TablesLoad): Promise<void> {
  const { dump, tables, scratch, programs, selected } = load;
  const schemas = besideOf(tables);
  if (section === 'data') return await loadRows({ ...load, schemas, entries: rowsBeside(load) });
  if (section === 'pre-data') {
    await fillScratch(scratch, dump.toc, { entries: selected.withReferenced, tables });
    return await loadStructure(load, await dumpScratch(programs, scratch.beside));
  }
  const toc = await dumpScratch(programs, scratch.beside);
  const own = ownEntries(toc, tables);
  const outward = new Set(outwardKeys(own, toc));
  const keys = own.filter((entry) => entry.section === sections.postData && !outward.has(entry));
  return await loadKeys({ ...load, schemas, dump: { toc }, entries: [...framing(toc), ...keys] });
}

/** The tables without rows, and what they need and the database lacks: all or nothing. */
async function loadStructure(load: TablesLoad, toc: Toc): Promise<void> {
  const { program, scratch, tables } = load;
  const { connection, signal } = program;
  const own = ownEntries(toc, tables);
  const outward = new Set(outwardKeys(own, toc));
  const needs = needsOf(
    own.filter((entry) => !outward.has(entry)),
    toc,
  );
  const places = new Set(tables.schemas.map(({ schema }) => schema));
  const schemas = toc.entries.filter(({ kind, tag }) => kind === 'SCHEMA' && places.has(decoded(tag)));
  await inDatabase(connection, scratch.beside, {
    signal,
    use: (made) =>
      inDatabase(connection, program.beside, {
        signal,
        use: async (session) => {
          await makeSchemas(session, load);
          const missing = await missingNeeds(made, session, [...new Set([...schemas, ...needs])]);
          requireTables(missing, program.beside);
          await recordNeeds(made, missing);
          const wanted = new Set([
            ...framing(toc),
            ...withCompanions(missing, toc),
            ...own.filter((entry) => entry.section !== sections.postData),
          ]);
          const entries = toc.entries.filter((entry) => wanted.has(entry));
          await runRestore(program, { args: ['--single-transaction'], dump: structure(toc, entries) }).catch(
            async (error: unknown) => {
              await forgetNeeds(made);
              throw error;
            },
          );
        },
      }),
  });
}

/** Empty schemas that nobody but us and the owners may use; what an earlier attempt has left is dropped. */
async function makeSchemas(session: PostgresSession, { tables, owners }: TablesLoad): Promise<void> {
  for (const name of besideOf(tables)) {
    const schema = pg.escapeIdentifier(name);
    await session.run(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
    for (const owner of owners) {
      await session.run(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${pg.escapeIdentifier(owner)}`);
    }
  }
}

function requireTables(missing: readonly TocEntry[], database: string): void {
  const lacking = missing.filter(({ kind }) => notMade.includes(kind)).map(qualifiedName);
  if (lacking.length === 0) return;
  throw new Failure(
    'RestoreBlocked',
    `The database "${database}" lacks what the chosen tables need: ${lacking.join(', ')}`,
    { advice: 'Choose those tables too, or restore into a new database.' },
  );
}

/** Rows of the dump, to be copied into the tables beside. */
function rowsBeside({ dump, tables }: TablesLoad): readonly TocEntry[] {
  const chosen = new Set(tables.chosen.map(nameOf));
  const besides = new Map(tables.schemas.map(({ schema, beside }) => [schema, beside]));
  return dump.toc.entries
    .filter((entry) => entry.kind === 'TABLE DATA' && chosen.has(qualifiedName(entry)))
    .map((entry) => {
      const schema = encoded(besides.get(decoded(entry.schema)) ?? '');
      return { ...entry, schema, copyStatement: copyInto(entry.copyStatement, schema) };
    });
}

const name = '(?:"(?:[^"]|"")*"|[^\\s".]+)';
const copyHead = new RegExp(`^COPY ${name}\\.(${name}) `);

/** `COPY shop.orders (id) FROM stdin;` for a table of that name in another schema. */
function copyInto(statement: string | undefined, schema: string): string {
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  const changed = statement?.replace(copyHead, (_, table: string) => `COPY ${quoted}.${table} `);
  if (changed === undefined || changed === statement) {
    throw new Failure('Internal', `A statement of the dump is not understood: ${statement}`);
  }
  return changed;
}

/** What says how the rest is to be read. */
function framing({ entries }: Toc): readonly TocEntry[] {
  return entries.filter(({ kind }) => framingKinds.includes(kind));
}

function besideOf({ schemas }: PlannedTables): readonly string[] {
  return schemas.map(({ beside }) => beside);
}
