import pg from 'pg';
import type { PlannedTables } from '../../../contracts/database-restore.ts';
import { ArchiveReader } from '../../../sources/postgres/archive/read-archive.ts';
import type { FoundToc } from '../../../sources/postgres/archive/read-toc.ts';
import { encodeCustomToc, type Toc, type TocEntry } from '../../../sources/postgres/archive/toc.ts';
import { type ProgramContext, runDump } from '../../../sources/postgres/dump.ts';
import { PostgresSession } from '../../../sources/postgres/session.ts';
import { takeSnapshot } from '../../../sources/postgres/snapshot.ts';
import { type RestoreProgram, runRestore } from '../pg-restore.ts';
import { decoded } from '../toc-names.ts';
import { tablesInPlace } from './in-place.ts';
import { moveTables } from './move.ts';

/**
 * A dump names the schema of a table in the text of a hundred statements. So that none has to be rewritten by us, the
 * structure of the chosen tables is restored into a scratch database, moved to other schemas there, and dumped again:
 * PostgreSQL itself writes the statements that make the tables beside the old ones.
 */

const rowKinds = ['TABLE DATA', 'MATERIALIZED VIEW DATA', 'BLOB', 'BLOBS', 'BLOB METADATA'];

/** Restores structure, and the values of sequences, into an empty scratch database; moves the chosen tables. */
export async function fillScratch(
  program: RestoreProgram,
  toc: Toc,
  { entries, tables }: { readonly entries: readonly TocEntry[]; readonly tables: PlannedTables },
): Promise<void> {
  const wanted = entries.filter(({ kind }) => !rowKinds.includes(kind));
  await runRestore(program, { args: ['--single-transaction'], dump: structure(toc, wanted) });
  const session = await PostgresSession.open(program.connection, program.beside, program.signal);
  try {
    await session.run('BEGIN');
    for (const { beside } of tables.schemas)
      await session.run(`CREATE SCHEMA ${pg.escapeIdentifier(beside)}`);
    await moveTables(session, await tablesInPlace(session, tables.chosen), tables.schemas, 'beside');
    await session.run('COMMIT');
  } finally {
    await session.close();
  }
}

/** The table of contents of the scratch database. */
export async function dumpScratch(programs: ProgramContext, database: string): Promise<FoundToc> {
  const snapshot = await takeSnapshot(programs.connection, database, programs.signal);
  try {
    const reader = await ArchiveReader.open(runDump(programs, snapshot, []));
    for await (const { content } of reader.members()) for await (const _ of content);
    return reader.toc;
  } finally {
    await snapshot.session.close();
  }
}

/** Entries in the custom format, without rows. */
export async function* structure(toc: Toc, entries: readonly TocEntry[]): AsyncGenerator<Buffer> {
  yield encodeCustomToc({ ...toc, entries: entries.map((entry) => ({ ...entry, hasData: false })) });
}

/** Entries of the moved tables and of what belongs to them. */
export function ownEntries({ entries }: Toc, { schemas }: PlannedTables): readonly TocEntry[] {
  const moved = new Set(schemas.map(({ beside }) => beside));
  return entries.filter(({ schema, kind }) => moved.has(decoded(schema)) && kind !== 'TABLE DATA');
}

/** Foreign keys to tables that were not chosen: they are made when the tables change places. */
export function outwardKeys(own: readonly TocEntry[], { entries }: Toc): readonly TocEntry[] {
  const byId = new Map(entries.map((entry) => [String(entry.id), entry]));
  const isOwn = new Set(own);
  return own.filter(
    ({ kind, dependencies }) =>
      kind === 'FK CONSTRAINT' &&
      dependencies.some((id) => {
        const need = byId.get(id);
        return need !== undefined && !isOwn.has(need) && ['TABLE', 'CONSTRAINT', 'INDEX'].includes(need.kind);
      }),
  );
}
