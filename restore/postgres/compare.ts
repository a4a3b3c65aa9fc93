import type { RestoreCheck } from '../../contracts/jobs.ts';
import {
  countObjects,
  type DatabaseContent,
  readSequences,
  readTables,
  type SequenceState,
  type TableContent,
} from '../../sources/postgres/content.ts';
import { contentOf } from '../../sources/postgres/database-capture.ts';
import { DatabaseDump } from '../../sources/postgres/database-dump.ts';
import type { ProgramContext } from '../../sources/postgres/dump.ts';
import { groupTables } from '../../sources/postgres/large-tables.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import { type DatabaseSnapshot, takeSnapshot } from '../../sources/postgres/snapshot.ts';
import { compareCounts, listedChecks, shortenedChecks } from '../checks.ts';

export interface CompareRequest {
  readonly programs: ProgramContext;
  readonly manifest: DatabaseManifest;
  /** Name of the restored database. */
  readonly target: string;
  /** Programs that read it at the same time. */
  readonly jobs: number;
  readonly onBytes?: (bytes: number) => void;
}

/** What a database holds now. */
export interface RestoredContent extends DatabaseContent {
  readonly sequences: readonly SequenceState[];
}

/**
 * Dumps a restored database, and compares what comes with what was counted when it was backed up. All failed
 * checks of tables up to a hundred are listed, and so many passed ones; the others are counted.
 * @throws {Failure} as `PostgresSession.open` and `DatabaseDump`
 */
export async function compareDatabase(request: CompareRequest): Promise<readonly RestoreCheck[]> {
  const { programs, manifest, target } = request;
  const snapshot = await takeSnapshot(programs.connection, target, programs.signal);
  try {
    return compareContent(manifest, await readContent(request, snapshot));
  } finally {
    await snapshot.session.close();
  }
}

async function readContent(
  { programs, jobs, onBytes = () => {} }: CompareRequest,
  snapshot: DatabaseSnapshot,
): Promise<RestoredContent> {
  const { session } = snapshot;
  const tables = await readTables(session);
  const objects = await countObjects(session);
  const dump = new DatabaseDump(programs, snapshot, {
    args: [],
    groups: await groupTables(session, { jobs }),
  });
  const finished = await readDump(dump, onBytes);
  return {
    tables: contentOf(tables, finished),
    largeObjects: finished.largeObjects,
    objects,
    sequences: await readSequences(session),
  };
}

/** Reads a dump to its end, for what is known of its content then. */
export async function readDump(
  dump: DatabaseDump,
  onBytes: (bytes: number) => void,
): Promise<DatabaseDump['finished']> {
  const reading: Promise<void>[] = [];
  for await (const { content } of dump.files()) {
    const read = readAll(content, onBytes);
    // The dump tells of what goes wrong.
    read.catch(() => {});
    reading.push(read);
  }
  await Promise.all(reading);
  return dump.finished;
}

async function readAll(content: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): Promise<void> {
  for await (const chunk of content) onBytes(chunk.length);
}

/** Compares what was backed up with what is there. */
export function compareContent(
  manifest: DatabaseManifest,
  restored: RestoredContent,
): readonly RestoreCheck[] {
  return [
    ...shortenedChecks(compareTables(manifest.tables, restored.tables)),
    ...(manifest.isPart === true ? [] : compareSequences(manifest.sequences, restored.sequences)),
    compareLargeObjects(manifest, restored),
    ...(manifest.isPart === true ? [] : compareCounts(manifest.objects, restored.objects)),
  ];
}

/** Compares rows and content of each table. */
export function compareTables(
  expected: readonly TableContent[],
  found: readonly TableContent[],
): readonly RestoreCheck[] {
  const restored = new Map(found.map((table) => [keyOf(table), table]));
  const known = new Set(expected.map(keyOf));
  const added = found.filter((table) => !known.has(keyOf(table)));
  return [
    ...expected.map((table) => compareTable(table, restored.get(keyOf(table)))),
    ...added.map((table) => ({ subject: displayName(table), passed: false, detail: 'is not in the backup' })),
  ];
}

function compareTable(expected: TableContent, found: TableContent | undefined): RestoreCheck {
  const subject = displayName(expected);
  if (found === undefined) return { subject, passed: false, detail: 'is missing' };
  if (found.rows !== expected.rows) {
    return { subject, passed: false, detail: `${found.rows} rows instead of ${expected.rows}` };
  }
  const passed = found.hash === expected.hash;
  return { subject, passed, detail: `${expected.rows} rows, content ${passed ? 'equal' : 'differs'}` };
}

/** A sequence may have gone on while the dump was made: then each value from between is right. */
function compareSequences(
  expected: DatabaseManifest['sequences'],
  found: readonly SequenceState[],
): readonly RestoreCheck[] {
  const restored = new Map(found.map((sequence) => [keyOf(sequence), sequence]));
  const wrong = expected.filter(
    ({ before, after }) => !isBetween(restored.get(keyOf(before)), before, after),
  );
  if (wrong.length === 0) return [{ subject: 'sequences', passed: true, detail: `${expected.length} equal` }];
  return wrong.slice(0, listedChecks).map(({ before }) => {
    const value = restored.get(keyOf(before))?.lastValue;
    const detail = value === undefined ? 'is missing' : `is at ${value} instead of ${before.lastValue}`;
    return { subject: displayName(before), passed: false, detail };
  });
}

function isBetween(found: SequenceState | undefined, before: SequenceState, after: SequenceState): boolean {
  if (found === undefined) return false;
  const values = [before, after].map(({ lastValue }) => BigInt(lastValue));
  const [first = 0n, last = 0n] = values;
  const value = BigInt(found.lastValue);
  if (first === last && before.isCalled === after.isCalled) {
    return value === first && found.isCalled === before.isCalled;
  }
  // One that counts downwards or starts again at its end may be anywhere.
  return first > last || (value >= first && value <= last);
}

function compareLargeObjects(
  { largeObjects: expected }: DatabaseManifest,
  restored: RestoredContent,
): RestoreCheck {
  const { count, bytes, hash } = restored.largeObjects;
  const passed = count === expected.count && bytes === expected.bytes && hash === expected.hash;
  const detail = passed
    ? `${count} with ${bytes} bytes, content equal`
    : `${count} with ${bytes} bytes differ from the ${expected.count} with ${expected.bytes} bytes of the backup`;
  return { subject: 'large objects', passed, detail };
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

/** `shop.customer`, with quotes where SQL would need them. */
function displayName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  const parts = [schema, name].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : JSON.stringify(part)));
  return parts.join('.');
}
