import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import type { PlannedDatabase } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import { terminateSessions } from './sessions.ts';
import { targetFailure } from './target-errors.ts';

/** A database that gets another name. */
interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Time between two rounds of ending sessions, in ms. */
const endSessionsEveryMs = 50;

/**
 * Gives each restored database its name, and what bears that name its own, all in one transaction. Names that
 * are as wanted already are left alone, so that another attempt after a lost answer changes nothing.
 * @throws {Failure} TargetConflict if somebody has made a database of that name meanwhile
 */
export async function swapDatabases(
  connection: PostgresConnection,
  databases: readonly PlannedDatabase[],
  signal: AbortSignal,
): Promise<void> {
  await renameAll(connection, signal, (present) =>
    databases.flatMap(({ beside, target, replaced }) => {
      if (!present.has(beside)) return [];
      const place = { from: beside, to: target };
      if (!present.has(target)) return [place];
      if (replaced !== undefined && !present.has(replaced)) return [{ from: target, to: replaced }, place];
      throw new Failure(
        'TargetConflict',
        `A database "${target}" was made while the restore was under way: it is not replaced`,
        { advice: 'Start the restore again, under another name or to replace that database.' },
      );
    }),
  );
}

/**
 * Gives each replaced database its name back, and what was restored the name that it had before the swap, all
 * in one transaction.
 * @throws {Failure} TargetConflict if a replaced database is gone
 */
export async function rollBackDatabases(
  connection: PostgresConnection,
  databases: readonly PlannedDatabase[],
  signal: AbortSignal,
): Promise<void> {
  await renameAll(connection, signal, (present) =>
    databases.flatMap(({ beside, target, replaced }) => {
      if (replaced === undefined) return [];
      const back = { from: replaced, to: target };
      if (present.has(replaced)) return present.has(target) ? [{ from: target, to: beside }, back] : [back];
      if (present.has(beside) || !present.has(target)) return [];
      throw new Failure('TargetConflict', `The database "${replaced}" that was to be put back is gone`, {
        advice: 'Restore the snapshot that was taken before: it has the tag "safety".',
      });
    }),
  );
}

async function renameAll(
  connection: PostgresConnection,
  signal: AbortSignal,
  renamesFor: (present: ReadonlySet<string>) => readonly Rename[],
): Promise<void> {
  const place = await quietDatabase(connection, signal);
  const session = await PostgresSession.open(connection, place, signal);
  try {
    const found = await session.rows(
      z.object({ name: z.string() }),
      'SELECT datname AS name FROM pg_database',
    );
    const renames = renamesFor(new Set(found.map(({ name }) => name)));
    if (renames.length === 0) return;
    await session.run('BEGIN');
    for (const { from, to } of renames) {
      await withoutSessions({ connection, place, database: from, signal }, () =>
        session.run(`ALTER DATABASE ${pg.escapeIdentifier(from)} RENAME TO ${pg.escapeIdentifier(to)}`),
      );
    }
    await session.run('COMMIT');
  } catch (error) {
    throw targetFailure('Putting the restored database in place', error);
  } finally {
    await session.close();
  }
}

/** A database that no restore renames while we are connected to it. */
async function quietDatabase(connection: PostgresConnection, signal: AbortSignal): Promise<string> {
  try {
    await (await PostgresSession.open(connection, 'postgres', signal)).close();
    return 'postgres';
  } catch (error) {
    signal.throwIfAborted();
    if (connection.database !== 'postgres') return connection.database;
    throw error;
  }
}

interface Emptied {
  readonly connection: PostgresConnection;
  /** Database from which sessions are ended. */
  readonly place: string;
  readonly database: string;
  readonly signal: AbortSignal;
}

/**
 * Does the renaming, and ends the sessions of the database meanwhile. ALTER DATABASE keeps new ones waiting from
 * its beginning, and waits five seconds for the old ones to go: so none can slip in between.
 */
async function withoutSessions(
  { connection, place, database, signal }: Emptied,
  rename: () => Promise<void>,
): Promise<void> {
  const session = await PostgresSession.open(connection, place, signal);
  const stop = new AbortController();
  const end = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await terminateSessions(session, database);
      await delay(endSessionsEveryMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  // One that may not be ended makes the renaming fail, which tells more.
  const ending = end().catch(() => {});
  try {
    await rename();
  } finally {
    stop.abort();
    await ending;
    await session.close();
  }
}
