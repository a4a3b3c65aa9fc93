import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { PostgresSession } from '../../../sources/postgres/session.ts';

/** Sessions that stand in the way of a restore in a database that others use. */

const pauseMs = 100;

/** Who holds a lock of these tables, other than ours: "pid 4711 (idle in transaction)". */
export async function blockedSessions(
  session: PostgresSession,
  tables: readonly { readonly oid: string }[],
): Promise<readonly string[]> {
  const found = await session.rows(
    z.object({ what: z.string() }),
    `SELECT DISTINCT format('pid %s of %s (%s)', a.pid, a.usename, a.state) AS what
     FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
     WHERE l.relation = ANY ($1::oid[]) AND l.granted AND a.pid <> pg_backend_pid() LIMIT 10`,
    [tables.map(({ oid }) => oid)],
  );
  return found.map(({ what }) => what);
}

/** Ends whatever keeps a session waiting, until it is stopped. */
export function endBlockers(
  session: PostgresSession,
  waiting: PostgresSession,
  signal: AbortSignal,
): { stop(): Promise<void> } {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const end = async (): Promise<void> => {
    while (!until.aborted) {
      await session.rows(
        z.unknown(),
        `SELECT pg_terminate_backend(blocker)
         FROM pg_stat_activity, unnest(pg_blocking_pids(pid)) AS blocker WHERE pid = $1`,
        [waiting.pid],
      );
      await delay(pauseMs, undefined, { signal: until }).catch(() => {});
    }
  };
  // One that may not be ended makes the lock fail, which tells more.
  const ending = end().catch(() => {});
  return {
    async stop() {
      stop.abort();
      await ending;
    },
  };
}

/** Ends sessions that are at work in these schemas, which a dead worker has left, and waits until none is. */
export async function endSessionsIn(
  session: PostgresSession,
  schemas: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const found = await session.rows(
      z.object({ pid: z.number() }),
      `SELECT DISTINCT l.pid, pg_terminate_backend(l.pid) FROM pg_locks AS l
         JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
         JOIN pg_stat_activity AS a ON a.pid = l.pid
       WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND n.nspname = ANY ($1) AND l.pid <> pg_backend_pid() AND a.backend_type = 'client backend'`,
      [schemas],
    );
    if (found.length === 0) return;
    await delay(pauseMs, undefined, { signal });
  }
}
