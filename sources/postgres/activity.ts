import { setInterval } from 'node:timers/promises';
import { z } from 'zod';
import type { PostgresConnection } from './connection.ts';
import { applicationName } from './libpq.ts';
import { PostgresSession } from './session.ts';

export interface WatchedDatabase {
  readonly connection: PostgresConnection;
  /** Database whose sessions are watched; the watching session is in another one. */
  readonly database: string;
  readonly signal: AbortSignal;
  /** "CREATE INDEX …, for 90 s". Called again and again while the server gets on. */
  readonly report: (what: string) => void;
  /** Default: 30 s. */
  readonly everyMs?: number;
}

const defaultEveryMs = 30_000;

/**
 * Does some work, and reports meanwhile what our sessions in a database are at: building an index or reading
 * a large table moves no bytes for a long time, and is no stall. A session that waits for a lock or for its
 * client is not reported, so that a real stall can be seen.
 */
export async function whileWatched<T>(watched: WatchedDatabase, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([watched.signal, stop.signal]);
  // Seeing what goes on is a comfort: the work does not fail for want of it.
  const watching = watch({ ...watched, signal }).catch(() => {});
  try {
    return await work();
  } finally {
    stop.abort();
    await watching;
  }
}

const activitySchema = z.object({ query: z.string(), seconds: z.number() });

async function watch({ connection, database, signal, report, everyMs }: WatchedDatabase): Promise<void> {
  let session: PostgresSession | undefined;
  try {
    for await (const _ of setInterval(everyMs ?? defaultEveryMs, undefined, { signal })) {
      session ??= await PostgresSession.open(connection, connection.database, signal);
      const [activity] = await session.rows(activitySchema, activityQuery, [database, applicationName]);
      if (activity !== undefined) report(`${activity.query}, for ${activity.seconds} s`);
    }
  } finally {
    await session?.close();
  }
}

/** Of a statement only what stands before a bracket: lists of values and options may hold what is nobody's business. */
const activityQuery = `
  SELECT regexp_replace(left(split_part(query, '(', 1), 80), '\\s+', ' ', 'g') AS query,
    extract(epoch FROM clock_timestamp() - query_start)::int AS seconds
  FROM pg_stat_activity
  WHERE datname = $1 AND application_name = $2 AND pid <> pg_backend_pid() AND state = 'active'
    AND coalesce(wait_event_type, '') NOT IN ('Lock', 'Client')
  ORDER BY query_start LIMIT 1`;
