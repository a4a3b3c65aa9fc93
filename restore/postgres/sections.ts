import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TocEntry } from '../../sources/postgres/archive/toc.ts';
import { encodeDirectoryToc, section } from '../../sources/postgres/archive/toc.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import { customDump } from './custom-dump.ts';
import type { DumpFolder } from './dump-folder.ts';
import { dropLargeObjects, existingObjects, filledTables, isBuilt, keyOf } from './existing.ts';
import { type RestoreProgram, runRestore } from './pg-restore.ts';
import { endSessions } from './sessions.ts';
import { batchesOf } from './table-batches.ts';
import { endSessionsIn } from './tables/locks.ts';

/** Parts of a dump as pg_restore knows them, in their order. */
export const sections: readonly string[] = ['pre-data', 'data', 'post-data'];

export interface SectionLoad {
  readonly program: RestoreProgram;
  readonly dump: DumpFolder;
  /** Entries of the dump that are wanted. */
  readonly entries: readonly TocEntry[];
  /** Programs that load at the same time. */
  readonly jobs: number;
  readonly onBytes: (bytes: number, current: string) => void;
  /** The only schemas that are ours, in a database that others use; left out where all of it is ours. */
  readonly schemas?: readonly string[];
}

/** Types, tables, functions: all or nothing, into a database that is empty. */
export async function loadStructure({ program, dump, entries }: SectionLoad): Promise<void> {
  await runRestore(program, {
    args: ['--section=pre-data', '--single-transaction'],
    dump: customDump(dump, withoutData(entries), () => {}),
  });
}

/**
 * Rows, sequences and large objects. A table is filled by one statement: one that has rows was filled by an
 * earlier attempt, and is left as it is.
 */
export async function loadRows(load: SectionLoad): Promise<void> {
  const { program, dump, entries, jobs, onBytes, schemas } = load;
  const { connection, beside, signal } = program;
  const session = await PostgresSession.open(connection, beside, signal);
  try {
    await endOthers(session, load);
    const data = entries.filter((entry) => entry.section === section.data);
    const filled = await filledTables(session, schemas);
    const tables = data.filter((entry) => entry.kind === 'TABLE DATA' && !filled.has(keyOf(entry)));
    const batches = batchesOf(tables, (entry) => dump.sizeOf(entry.id));
    const others = data.filter(({ kind }) => kind !== 'TABLE DATA');
    // Since PostgreSQL 17 large objects are made here, and making them again fails.
    if (others.some(({ kind }) => kind === 'BLOB METADATA')) await dropLargeObjects(session);
    const queue = [...batches, ...(others.length > 0 ? [others] : [])];
    const work = async (): Promise<void> => {
      for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
        await runRestore(program, {
          args: ['--section=data'],
          dump: customDump(dump, batch, onBytes),
        });
      }
    };
    await allOrFirstFailure(Array.from({ length: jobs }, work), queue);
  } finally {
    await session.close();
  }
}

/** A load that reads no rows. */
type KeysLoad = Omit<SectionLoad, 'dump'> & { readonly dump: Pick<DumpFolder, 'toc'> };

/** Indexes, constraints, triggers. What an earlier attempt has built is not built again. */
export async function loadKeys(load: KeysLoad): Promise<void> {
  const { program, dump, entries, jobs } = load;
  const { connection, beside, signal } = program;
  const session = await PostgresSession.open(connection, beside, signal);
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-restore-'));
  try {
    await endOthers(session, load);
    const existing = await existingObjects(session);
    const wanted = withoutData(entries.filter((entry) => !isBuilt(entry, existing)));
    // The table of contents alone: several programs at a time need a dump that they can open again.
    const toc = encodeDirectoryToc({ ...dump.toc, entries: wanted }, () => undefined);
    await writeFile(join(folder, 'toc.dat'), toc, { mode: 0o600 });
    await runRestore(program, {
      args: ['--section=post-data', '--clean', '--if-exists', `--jobs=${jobs}`, '--format=directory', folder],
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await session.close();
  }
}

/** A statement of a dead worker might still be about to end, well or not. */
async function endOthers(session: PostgresSession, { program, schemas }: KeysLoad): Promise<void> {
  const { beside, signal } = program;
  if (schemas === undefined) return await endSessions(session, beside, signal);
  await endSessionsIn(session, schemas, signal);
}

function withoutData(entries: readonly TocEntry[]): readonly TocEntry[] {
  return entries.map((entry) => ({ ...entry, hasData: false }));
}

/** Waits for all, also when one has failed, so that no program is left; then no further batch is begun. */
async function allOrFirstFailure(works: readonly Promise<void>[], queue: unknown[]): Promise<void> {
  for (const work of works) work.catch(() => queue.splice(0));
  const ends = await Promise.allSettled(works);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
