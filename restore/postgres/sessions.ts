import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { PostgresSession } from '../../sources/postgres/session.ts';

const pauseMs = 50;

/** Ends the other sessions of a database, and waits until none is left. */
export async function endSessions(
  session: PostgresSession,
  database: string,
  signal: AbortSignal,
): Promise<void> {
  while ((await terminateSessions(session, database)) > 0) await delay(pauseMs, undefined, { signal });
}

/** Asks the other sessions of a database to end; returns how many there are. */
export async function terminateSessions(session: PostgresSession, database: string): Promise<number> {
  const ended = await session.rows(
    z.object({ pid: z.number() }),
    `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type IN ('client backend', 'parallel worker')`,
    [database],
  );
  return ended.length;
}
