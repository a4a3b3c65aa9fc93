import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import type { PlannedDatabase, PlannedSchema, PlannedTables } from '../../../contracts/database-restore.ts';
import { Failure, isFailure } from '../../../contracts/failures.ts';
import { codeOf } from '../../../sources/database-failures.ts';
import { qualified } from '../../../sources/postgres/content.ts';
import type { PostgresSession } from '../../../sources/postgres/session.ts';
import {
  addKey,
  dropKey,
  type ForeignKey,
  keySchema,
  keysFrom,
  keysTo,
  nameOf,
  type TableInPlace,
  tablesInPlace,
  tablesOf,
  usersOf,
} from './in-place.ts';
import { blockedSessions, endBlockers } from './locks.ts';
import { moveTables } from './move.ts';

type Aside = 'beside' | 'replaced';

/** Tables that wait in schemas beside, and where those that are in place go. */
interface Exchange {
  readonly tables: PlannedTables;
  readonly from: Aside;
  readonly to: Aside;
  /** Whether there may be none in place. */
  readonly isFirst: boolean;
  /** Foreign keys of the arriving tables to tables that stay. */
  readonly keys: readonly ForeignKey[];
}

export interface ExchangeWork {
  readonly session: PostgresSession;
  /** A second one, that ends sessions which hold a lock for too long. */
  readonly other: PostgresSession;
  readonly signal: AbortSignal;
  readonly report: (what: string) => void;
}

/** How long sessions of others wait behind ours in one try, and ours between two. */
const lockTimeoutMs = 1000;
const pauseMs = 500;
/** After so many tries, sessions that hold the tables are ended. */
const patientTries = 3;

/**
 * Puts restored tables in place of those of the same names, all in one transaction. Foreign keys of other tables are
 * pointed to the new ones, and those of the old ones to others are taken away, so that what is kept aside binds
 * nobody. Done already: does nothing.
 * @throws {Failure} TargetConflict when something uses the old tables by now, or rows do not fit
 */
export async function putInPlace(
  work: ExchangeWork,
  { tables, replaced }: Pick<PlannedDatabase, 'replaced'> & { readonly tables: PlannedTables },
  keys: readonly ForeignKey[],
): Promise<void> {
  const isFirst = replaced === undefined;
  await exchange(work, { tables, from: 'beside', to: 'replaced', isFirst, keys });
}

/**
 * Puts the replaced tables back, and what was restored aside. Done already: does nothing.
 * @throws {Failure} TargetConflict when they are gone, or something uses the restored ones by now
 */
export async function putBack(work: ExchangeWork, tables: PlannedTables): Promise<void> {
  if ((await tablesOf(work.session, namesOf(tables.schemas, 'replaced'))).length === 0) {
    if ((await schemasThere(work.session, namesOf(tables.schemas, 'beside'))).length > 0) return;
    throw new Failure('TargetConflict', 'The tables that were to be put back are gone', {
      advice: 'Restore the snapshot that was taken before: it has the tag "safety".',
    });
  }
  const keys = await keptKeys(work.session, namesOf(tables.schemas, 'replaced'));
  await exchange(work, { tables, from: 'replaced', to: 'beside', isFirst: false, keys });
}

async function exchange(work: ExchangeWork, change: Exchange): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work.session.run(`BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}`);
      const held = tries > patientTries ? endBlockers(work.other, work.session, work.signal) : undefined;
      try {
        await exchangeOnce(work.session, change);
        return await work.session.run('COMMIT');
      } finally {
        await held?.stop();
      }
    } catch (error) {
      if (work.signal.aborted || work.session.lost.aborted) throw error;
      await work.session.run('ROLLBACK');
      const code = isFailure(error) ? codeOf(error.cause) : undefined;
      if (!isBusy(code)) throw conflictOf(error, code);
      const users = await blockedSessions(work.other, await tablesInPlace(work.other, change.tables.chosen));
      work.report(`waiting for ${users.join(', ') || 'sessions that use the tables'}`);
      await delay(pauseMs, undefined, { signal: work.signal });
    }
  }
}

async function exchangeOnce(session: PostgresSession, change: Exchange): Promise<void> {
  const { tables, from, to, isFirst, keys } = change;
  const { schemas, chosen } = tables;
  const waiting = namesOf(schemas, from);
  if ((await schemasThere(session, waiting)).length === 0) return;
  const arriving = await tablesInPlace(session, await tablesOf(session, waiting));
  const leaving = await tablesInPlace(session, chosen);
  if (isFirst && leaving.length > 0) throw appeared(leaving);
  const toThem = await keysTo(session, leaving);
  await lock(session, leaving, toThem);
  await requireUnused(session, leaving);
  const fromThem = await keysFrom(session, leaving);
  for (const key of [...toThem, ...fromThem]) await session.run(dropKey(key));
  await moveTables(session, leaving, schemas, to);
  await keepKeys(session, to, { schemas, keys: fromThem, isAnyLeaving: leaving.length > 0 });
  await moveTables(session, arriving, schemas, 'schema');
  for (const key of [...keys, ...toThem]) await session.run(addKey(key));
  for (const name of waiting) {
    await session.run(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(name)} CASCADE`);
  }
}

async function lock(
  session: PostgresSession,
  leaving: readonly TableInPlace[],
  keys: readonly ForeignKey[],
): Promise<void> {
  const names = [
    ...leaving.map(({ schema, name }) => qualified(schema, name)),
    ...keys.map(({ schema, table }) => qualified(schema, table)),
  ];
  if (names.length > 0) await session.run(`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`);
}

/** A view that was made since the plan would go on showing the old rows. */
async function requireUnused(session: PostgresSession, leaving: readonly TableInPlace[]): Promise<void> {
  const users = await usersOf(session, leaving);
  if (users.length === 0) return;
  throw new Failure(
    'TargetConflict',
    `The tables cannot change places: ${users.join(', ')} would go on using the old ones`,
    { advice: 'Drop what is named, start again, and make it again afterwards.' },
  );
}

function appeared(leaving: readonly TableInPlace[]): Failure {
  const names = leaving.map(nameOf).join(', ');
  return new Failure(
    'TargetConflict',
    `${names} appeared while the restore was under way: nothing is replaced`,
    { advice: 'Start the restore again, to replace what is there.' },
  );
}

const keptSchema = z.object({
  keptBy: z.literal('resguardo'),
  keys: z.array(keySchema),
});

interface Kept {
  readonly schemas: readonly PlannedSchema[];
  readonly keys: readonly ForeignKey[];
  readonly isAnyLeaving: boolean;
}

/** The comment of the schemas in which tables are kept says which foreign keys they need when they come back. */
async function keepKeys(
  session: PostgresSession,
  to: Aside,
  { schemas, keys, isAnyLeaving }: Kept,
): Promise<void> {
  if (!isAnyLeaving) return;
  for (const name of await schemasThere(session, namesOf(schemas, to))) {
    const place = schemas.find((one) => one[to] === name)?.schema;
    const own = keys.filter(({ schema }) => schema === place).map((key) => keySchema.parse(key));
    const comment = JSON.stringify({ keptBy: 'resguardo', keys: own });
    await session.run(`COMMENT ON SCHEMA ${pg.escapeIdentifier(name)} IS ${pg.escapeLiteral(comment)}`);
  }
}

async function keptKeys(
  session: PostgresSession,
  schemas: readonly string[],
): Promise<readonly ForeignKey[]> {
  const found = await session.rows(
    z.object({ comment: z.string() }),
    `SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace
     WHERE nspname = ANY ($1) AND obj_description(oid, 'pg_namespace') IS NOT NULL`,
    [schemas],
  );
  return found.flatMap(({ comment }) => keptSchema.parse(JSON.parse(comment)).keys);
}

async function schemasThere(session: PostgresSession, names: readonly string[]): Promise<readonly string[]> {
  const found = await session.rows(
    z.object({ name: z.string() }),
    'SELECT nspname AS name FROM pg_namespace WHERE nspname = ANY ($1)',
    [names],
  );
  return found.map(({ name }) => name);
}

function namesOf(schemas: readonly PlannedSchema[], place: Aside): readonly string[] {
  return schemas.map((schema) => schema[place]);
}

/** A lock that was not to be had, or two that wait for each other. */
function isBusy(code: string | undefined): boolean {
  return code === '55P03' || code === '40P01';
}

/** Rows of other tables that point to rows which the restored ones do not have, and names that are taken. */
function conflictOf(error: unknown, code: string | undefined): unknown {
  if (!isFailure(error) || (code !== '23503' && code !== '42P07' && code !== '42710')) return error;
  const advice =
    code === '23503'
      ? 'Restore the other table as well, or into a new database, and bring together what fits.'
      : 'Rename what has that name, and start again.';
  return new Failure('TargetConflict', `The tables cannot change places: ${error.message}`, {
    cause: error.cause,
    advice,
  });
}
