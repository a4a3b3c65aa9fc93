import { z } from 'zod';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { type MysqlSession, qualified, quoteName } from '../../sources/mysql/session.ts';
import { type CodeObject, createCode, createTrigger, dropCode, readCode } from './code.ts';
import {
  addMark,
  databaseDefaults,
  databaseExists,
  dropDatabase,
  type ParkedRecord,
  prepareRecord,
  readMarks,
  readRecord,
  recordTable,
  removeMarks,
  tablesOf,
  writeRecord,
} from './parked.ts';
import { type Move, moveTables, unblocked } from './unblocked.ts';

/** A parked database that takes a place, and what stands in the place that is parked in turn. */
export interface Exchange {
  readonly incoming: string;
  readonly place: string;
  /** Absent where nothing stands in the place. */
  readonly outgoing?: string;
}

/** Called between the steps, for fault tests. */
export type StepListener = (step: string) => Promise<void> | void;

/**
 * Puts parked databases in place, all of them at once, and parks what stood there. Neither server can rename a
 * database, and tables with triggers cannot be moved (docs/decisions/0032-mysql-swap.md):
 *
 * 1. What belongs to the database in place besides its tables is recorded in the outgoing one.
 * 2. Its triggers and events are dropped, and those of the incoming one.
 * 3. One RENAME TABLE moves all tables out and in; tables that will have triggers get a name of ours in place.
 * 4. Triggers are made on those; one RENAME TABLE gives them their names: no row can pass a missing trigger.
 * 5. Routines, views and events are made anew in place, where they differ; the incoming database is dropped.
 *
 * Each step looks at what is there, so that an exchange that was killed anywhere goes on when it is called again.
 * @throws {Failure} TargetConflict for a place that nobody has planned to replace
 */
export async function exchangeDatabases(
  session: MysqlSession,
  exchanges: readonly Exchange[],
  onStep: StepListener = () => {},
): Promise<void> {
  const open: Exchange[] = [];
  for (const exchange of exchanges) if (await databaseExists(session, exchange.incoming)) open.push(exchange);
  for (const exchange of open) await begin(session, exchange);
  await onStep('recorded');
  for (const exchange of open) await dropActiveCode(session, exchange);
  await onStep('triggers dropped');
  const moves: Move[] = [];
  for (const exchange of open) moves.push(...(await movesOf(session, exchange)));
  await moveTables(
    session,
    moves,
    open.map(({ place }) => place),
  );
  await onStep('tables moved');
  for (const exchange of open) await nameStagedTables(session, exchange);
  await onStep('triggers made');
  for (const exchange of open) await makeCode(session, exchange);
  await onStep('code made');
  for (const { incoming } of open) await dropDatabase(session, incoming);
}

const exchangeSchema = z.object({
  incoming: z.string(),
  place: z.string(),
  outgoing: z.string().exactOptional(),
});

/** The exchange that a parked database has begun to take part in, and that has not ended. */
export async function begunExchange(session: MysqlSession, incoming: string): Promise<Exchange | undefined> {
  const [mark] = await readMarks(session, incoming, 'begun');
  return mark === undefined ? undefined : exchangeSchema.parse(JSON.parse(mark));
}

/**
 * Whether the tables of an exchange have been moved. Before that it can be undone, afterwards it goes on.
 */
export async function hasMoved(session: MysqlSession, { incoming }: Exchange): Promise<boolean> {
  if ((await readMarks(session, incoming, 'begun')).length === 0) return false;
  return (await tablesOf(session, incoming)).every((table) => table === recordTable);
}

/** Puts back what an exchange has dropped that has not moved its tables. */
export async function undoExchange(
  session: MysqlSession,
  { incoming, place, outgoing }: Exchange,
): Promise<void> {
  if (outgoing === undefined || !(await databaseExists(session, outgoing))) return;
  const record = await readRecord(session, outgoing);
  if (record !== undefined) {
    const there = new Set((await readCode(session, place)).map(keyOf));
    await unblocked(session, [place], () => makeMissing(session, place, { code: record.code, there }));
  }
  if ((await tablesOf(session, outgoing)).every((table) => table === recordTable)) {
    await dropDatabase(session, outgoing);
  }
  await removeMarks(session, incoming, 'begun');
}

async function begin(session: MysqlSession, exchange: Exchange): Promise<void> {
  const { incoming, place, outgoing } = exchange;
  const hasBegun = (await readMarks(session, incoming, 'begun')).length > 0;
  if (outgoing === undefined) {
    if (!hasBegun && (await databaseExists(session, place))) throw takenPlace(place);
  } else {
    await makePlace(session, place);
    const defaults = await databaseDefaults(session, place);
    await session.run(`CREATE DATABASE IF NOT EXISTS ${quoteName(outgoing)} ${defaults}`);
    await prepareRecord(session, outgoing);
    if ((await readRecord(session, outgoing)) === undefined) {
      const tables = await tablesOf(session, place);
      await writeRecord(session, outgoing, { tables, code: await readCode(session, place) });
    }
  }
  if (!hasBegun) await addMark(session, incoming, ['begun', JSON.stringify(exchange)]);
  await makePlace(session, place);
  const defaults = await databaseDefaults(session, incoming);
  if ((await databaseDefaults(session, place)) === defaults) return;
  await unblocked(session, [place], () => session.run(`ALTER DATABASE ${quoteName(place)} ${defaults}`));
}

/** In MySQL even this waits for open transactions in a database that is there. */
async function makePlace(session: MysqlSession, place: string): Promise<void> {
  if (!(await databaseExists(session, place))) await session.run(`CREATE DATABASE ${quoteName(place)}`);
}

function takenPlace(place: string): Failure {
  return new Failure(
    'TargetConflict',
    `A database "${place}" was made while the restore was under way: it is not replaced`,
    { advice: 'Start the restore again, under another name or to replace that database.' },
  );
}

async function recordOf(session: MysqlSession, database: string): Promise<ParkedRecord> {
  const record = await readRecord(session, database);
  if (record !== undefined) return record;
  throw new Failure('TargetConflict', `The database "${database}" has lost the table ${recordTable}`, {
    advice: 'Restore the snapshot again, or the one that was taken before: it has the tag "safety".',
  });
}

/** Triggers keep tables from being moved, and events would run in between. */
async function dropActiveCode(session: MysqlSession, { incoming, place, outgoing }: Exchange): Promise<void> {
  const isActive = ({ kind }: CodeObject): boolean => kind === 'trigger' || kind === 'event';
  const { code } = await recordOf(session, incoming);
  for (const object of code.filter(isActive)) await dropCode(session, incoming, object);
  if (outgoing === undefined || (await isPlaced(session, incoming))) return;
  const old = await recordOf(session, outgoing);
  for (const object of old.code.filter(isActive)) {
    await unblocked(session, [place], () => dropCode(session, place, object));
  }
}

/** Whether no table waits any more: what is in place is what has come in. */
async function isPlaced(session: MysqlSession, incoming: string): Promise<boolean> {
  const waiting = (await tablesOf(session, incoming)).filter((table) => table !== recordTable);
  const { tables } = await recordOf(session, incoming);
  return waiting.length === 0 && tables.length > 0;
}

/** All tables that are still to be moved, first out and then in. */
async function movesOf(session: MysqlSession, exchange: Exchange): Promise<readonly Move[]> {
  const { incoming, place, outgoing } = exchange;
  const { tables, code } = await recordOf(session, incoming);
  const waiting = (await tablesOf(session, incoming)).filter((table) => table !== recordTable);
  const withTriggers = new Set(code.map(({ table }) => table));
  const inwards = waiting.map((table) => ({
    from: qualified(incoming, table),
    to: qualified(place, withTriggers.has(table) ? stagedName(tables.indexOf(table)) : table),
  }));
  if (outgoing === undefined || (waiting.length === 0 && tables.length > 0)) return inwards;
  const parked = new Set(await tablesOf(session, outgoing));
  const old = (await tablesOf(session, place)).filter((table) => !parked.has(table));
  // Tables that were made since the record was written go with the others.
  return [
    ...old.map((table) => ({ from: qualified(place, table), to: qualified(outgoing, table) })),
    ...inwards,
  ];
}

/** A name in place for a table whose triggers are not made yet. */
function stagedName(number: number): string {
  return `resguardo_staged_${number}`;
}

async function nameStagedTables(session: MysqlSession, { incoming, place }: Exchange): Promise<void> {
  const { tables, code } = await recordOf(session, incoming);
  const present = new Set(await tablesOf(session, place));
  const triggers = new Set(
    (await readCode(session, place)).filter(({ kind }) => kind === 'trigger').map(keyOf),
  );
  const moves: Move[] = [];
  for (const [number, table] of tables.entries()) {
    const staged = stagedName(number);
    if (!present.has(staged)) continue;
    for (const trigger of code.filter((object) => object.table === table)) {
      if (!triggers.has(keyOf(trigger)))
        await createTrigger(session, { database: place, table: staged }, trigger);
    }
    moves.push({ from: qualified(place, staged), to: qualified(place, table) });
  }
  await moveTables(session, moves, [place]);
}

/** Code that is in place already, from the outgoing database and equal, stays, with the rights that people have on it. */
async function makeCode(session: MysqlSession, { incoming, place }: Exchange): Promise<void> {
  const { code } = await recordOf(session, incoming);
  const wanted = new Map(code.map((object) => [keyOf(object), object]));
  const kept = new Set<string>();
  for (const object of await readCode(session, place)) {
    const other = wanted.get(keyOf(object));
    if (object.kind === 'trigger' || (other !== undefined && isEqual(object, other))) kept.add(keyOf(object));
    else await dropCode(session, place, object);
  }
  await makeMissing(session, place, { code, there: kept });
}

/** Views may need others that come later: what fails is tried again as long as anything succeeds. */
async function makeMissing(
  session: MysqlSession,
  place: string,
  { code, there }: { readonly code: readonly CodeObject[]; readonly there: ReadonlySet<string> },
): Promise<void> {
  const order = ['function', 'package', 'package body', 'procedure', 'view', 'trigger', 'event'];
  let missing = code
    .filter((object) => !there.has(keyOf(object)))
    .toSorted((left, right) => order.indexOf(left.kind) - order.indexOf(right.kind));
  while (missing.length > 0) {
    const failed: CodeObject[] = [];
    let failure: unknown;
    for (const object of missing) {
      try {
        if (object.table === undefined) await createCode(session, place, object);
        else await createTrigger(session, { database: place, table: object.table }, object);
      } catch (error) {
        if (!isFailure(error, 'ToolFailed')) throw error;
        failure ??= error;
        failed.push(object);
      }
    }
    if (failed.length === missing.length) throw failure;
    missing = failed;
  }
}

function isEqual(left: CodeObject, right: CodeObject): boolean {
  return (
    left.statement === right.statement && left.sqlMode === right.sqlMode && left.collation === right.collation
  );
}

function keyOf({ kind, name }: CodeObject): string {
  return `${kind} ${name}`;
}
