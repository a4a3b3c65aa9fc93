import pg from 'pg';
import { z } from 'zod';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import { besideTime } from '../beside-names.ts';

const nameRow = z.object({ name: z.string() });

/**
 * Drops what restores that began before a time have made and never put into place. The caller knows that no
 * restore is under way; a database that somebody is connected to is left alone in any case, and so is what a
 * restore has replaced.
 * @returns their names
 */
export async function dropLeftOvers(
  connection: PostgresConnection,
  { before, signal }: { readonly before: Date; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const session = await PostgresSession.open(connection, connection.database, signal);
  try {
    const unused = await session.rows(
      nameRow,
      `SELECT datname AS name FROM pg_database d
        WHERE datname LIKE '%\\_\\_restore\\_%' AND NOT datistemplate
          AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
        ORDER BY datname`,
    );
    const old = unused.map(({ name }) => name).filter((name) => isOlder(name, before));
    for (const name of old) await session.run(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)}`);
    return old;
  } finally {
    await session.close();
  }
}

function isOlder(name: string, before: Date): boolean {
  const begun = besideTime(name);
  return begun !== undefined && begun < before;
}
