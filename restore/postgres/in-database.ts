import { z } from 'zod';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import { targetFailure } from './target-errors.ts';

interface SessionUse<T> {
  readonly signal: AbortSignal;
  readonly use: (session: PostgresSession) => Promise<T>;
}

/** Gives the work a session in a database of the target, and tells its failures as those of a target. */
export async function inDatabase<T>(
  connection: PostgresConnection,
  database: string,
  { signal, use }: SessionUse<T>,
): Promise<T> {
  const session = await PostgresSession.open(connection, database, signal);
  try {
    return await use(session);
  } catch (error) {
    throw targetFailure(`Restoring into the database "${database}"`, error);
  } finally {
    await session.close();
  }
}

/** Those of these databases that are there. */
export async function databasesThere(
  session: PostgresSession,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await session.rows(
    z.object({ name: z.string() }),
    'SELECT datname AS name FROM pg_database WHERE datname = ANY ($1)',
    [names],
  );
  return new Set(found.map(({ name }) => name));
}
