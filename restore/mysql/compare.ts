import type { RestoreCheck } from '../../contracts/jobs.ts';
import { type DumpContext, dumpDatabase } from '../../sources/mysql/dump.ts';
import type { FinishedDump } from '../../sources/mysql/dump-inspector.ts';
import type { RowMeasure } from '../../sources/mysql/inserts/row-measure.ts';
import type { DatabaseManifest } from '../../sources/mysql/manifest.ts';
import { MysqlSession } from '../../sources/mysql/session.ts';
import { type DatabaseStructure, readStructure } from '../../sources/mysql/structure.ts';
import { compareCounts, shortenedChecks } from '../checks.ts';
import { recordTable } from './parked.ts';

export interface CompareRequest {
  /** Where and how the restored database is read. */
  readonly context: DumpContext;
  readonly manifest: DatabaseManifest;
  /** Tables that alone were restored; all of the manifest when left out. */
  readonly tables?: ReadonlySet<string>;
  /** Name of the restored database. */
  readonly database: string;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Dumps the rows of a restored database once more, takes their measure, and compares it with that of the
 * backup; counts its objects, too.
 * @throws {Failure} as `dumpDatabase`
 */
export async function compareDatabase(request: CompareRequest): Promise<readonly RestoreCheck[]> {
  const { context, database, tables } = request;
  const session = await MysqlSession.open(context.connection, context.signal);
  let structure: DatabaseStructure;
  try {
    structure = await readStructure(session, database, [recordTable]);
  } finally {
    await session.close();
  }
  const rows = await measure(request);
  if (tables === undefined) return compareContent(request.manifest, structure, rows);
  const chosen = request.manifest.tables.filter(({ name }) => tables.has(name));
  return compareRows(chosen, structure, rows);
}

/** Compares what was backed up with what is there. */
export function compareContent(
  manifest: DatabaseManifest,
  structure: DatabaseStructure,
  rows: Pick<RowMeasure, 'of'>,
): readonly RestoreCheck[] {
  return [
    ...compareRows(manifest.tables, structure, rows),
    ...compareCounts(manifest.objects, structure.objects),
  ];
}

function compareRows(
  tables: DatabaseManifest['tables'],
  structure: DatabaseStructure,
  rows: Pick<RowMeasure, 'of'>,
): readonly RestoreCheck[] {
  const recorded = new Set(tables.map(({ name }) => name));
  const added = [...structure.tables.keys()].filter((name) => !recorded.has(name));
  return shortenedChecks([
    ...tables.map((table) => compareTable(table, structure, rows)),
    ...added.map((name) => ({ subject: name, passed: false, detail: 'is not in the backup' })),
  ]);
}

function compareTable(
  { name, rows: expected, hash }: DatabaseManifest['tables'][number],
  { tables }: DatabaseStructure,
  measured: Pick<RowMeasure, 'of'>,
): RestoreCheck {
  if (!tables.has(name)) return { subject: name, passed: false, detail: 'is missing' };
  const found = measured.of(name);
  if (found.rows !== expected) {
    return { subject: name, passed: false, detail: `${found.rows} rows instead of ${expected}` };
  }
  const passed = found.hash === hash;
  return { subject: name, passed, detail: `${expected} rows, content ${passed ? 'equal' : 'differs'}` };
}

async function measure({ context, database, onBytes }: CompareRequest): Promise<FinishedDump['rows']> {
  const dump = dumpDatabase(context, { database, excludedTables: [recordTable], rowsOnly: true });
  let bytes = 0;
  for (;;) {
    const next = await dump.next();
    if (next.done === true) return next.value.rows;
    bytes += next.value.length;
    onBytes(bytes);
  }
}
