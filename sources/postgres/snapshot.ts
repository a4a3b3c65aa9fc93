import { z } from 'zod';
import type { PostgresConnection } from './connection.ts';
import { PostgresSession } from './session.ts';

/** A session whose transaction sees one moment of a database, and lets other sessions see the same. */
export interface DatabaseSnapshot {
  readonly session: PostgresSession;
  /** For `pg_dump --snapshot`; valid while the session lasts. */
  readonly id: string;
  /** ISO, UTC. */
  readonly takenAt: string;
}

/** @throws {Failure} as `PostgresSession.open` */
export async function takeSnapshot(
  connection: PostgresConnection,
  database: string,
  signal: AbortSignal,
): Promise<DatabaseSnapshot> {
  const session = await PostgresSession.open(connection, database, signal);
  try {
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const row = await session.row(
      z.object({ id: z.string(), takenAt: z.string() }),
      `SELECT pg_export_snapshot() AS id,
         to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "takenAt"`,
    );
    return { session, ...row };
  } catch (error) {
    await session.close();
    throw error;
  }
}
