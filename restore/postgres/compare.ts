import type { RestoreCheck } from '../../contracts/jobs.ts';
import { whileWatched } from '../../sources/postgres/activity.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import {
  type DatabaseContent,
  measureContent,
  readSequences,
  type SequenceState,
  type TableContent,
} from '../../sources/postgres/content.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import { takeSnapshot } from '../../sources/postgres/snapshot.ts';

export interface CompareRequest {
  readonly connection: PostgresConnection;
  readonly manifest: DatabaseManifest;
  /** Name of the restored database. */
  readonly target: string;
  readonly signal: AbortSignal;
  /** Tells what the server is at. */
  readonly onActivity?: (what: string) => void;
}

/** What a database holds now. */
export interface RestoredContent extends DatabaseContent {
  readonly sequences: readonly SequenceState[];
}

/** Checks of equal tables that are told one by one; the history of a workflow has no room for thousands. */
const listedChecks = 100;

/**
 * Measures a restored database and compares it with what the backup had measured. All failed checks of
 * tables up to a hundred are listed, and so many passed ones; the others are counted.
 * @throws {Failure} as `PostgresSession.open`
 */
export async function compareDatabase(request: CompareRequest): Promise<readonly RestoreCheck[]> {
  const { connection, manifest, target, signal, onActivity = () => {} } = request;
  const { session } = await takeSnapshot(connection, target, signal);
  try {
    const watched = { connection, database: target, signal, report: onActivity };
    const content = await whileWatched(watched, () => measureContent(session));
    return compareContent(manifest, { ...content, sequences: await readSequences(session) });
  } finally {
    await session.close();
  }
}

/** Compares what was backed up with what is there. */
export function compareContent(
  manifest: DatabaseManifest,
  restored: RestoredContent,
): readonly RestoreCheck[] {
  return [
    ...shortened(compareTables(manifest.tables, restored.tables)),
    ...compareSequences(manifest.sequences, restored.sequences),
    compareLargeObjects(manifest, restored),
    ...compareObjects(manifest.objects, restored.objects),
  ];
}

function compareTables(
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

function shortened(checks: readonly RestoreCheck[]): readonly RestoreCheck[] {
  return [
    ...firstOf(
      checks.filter(({ passed }) => !passed),
      false,
    ),
    ...firstOf(
      checks.filter(({ passed }) => passed),
      true,
    ),
  ];
}

function firstOf(checks: readonly RestoreCheck[], passed: boolean): readonly RestoreCheck[] {
  const rest = checks.length - listedChecks;
  if (rest <= 0) return checks;
  const detail = passed ? 'rows and content equal' : 'they differ too';
  return [...checks.slice(0, listedChecks), { subject: `${rest} further tables`, passed, detail }];
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

function compareObjects(
  expected: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): readonly RestoreCheck[] {
  const kinds = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const wrong = kinds.filter((kind) => (expected[kind] ?? 0) !== (found[kind] ?? 0));
  if (wrong.length === 0) {
    const detail = kinds.map((kind) => `${expected[kind]} ${kind}`).join(', ');
    return [{ subject: 'objects', passed: true, detail: detail === '' ? 'none' : detail }];
  }
  return wrong.map((kind) => ({
    subject: kind,
    passed: false,
    detail: `${found[kind] ?? 0} instead of ${expected[kind] ?? 0}`,
  }));
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

/** `shop.customer`, with quotes where SQL would need them. */
function displayName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  const parts = [schema, name].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : JSON.stringify(part)));
  return parts.join('.');
}
