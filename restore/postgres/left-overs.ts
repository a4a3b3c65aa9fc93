import pg from 'pg';
import { z } from 'zod';
import { isFailure } from '../../contracts/failures.ts';
import { besideTime } from '../../sources/beside-names.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';

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
    const others = await session.rows(
      nameRow,
      `SELECT datname AS name FROM pg_database
        WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT') ORDER BY datname`,
    );
    const schemas: string[] = [];
    for (const { name } of others) {
      try {
        schemas.push(...(await dropSchemas(connection, name, { before, signal })));
      } catch (error) {
        // Dropped since it was listed.
        if (!isFailure(error, 'SourceMissing')) throw error;
      }
    }
    return [...old, ...schemas];
  } finally {
    await session.close();
  }
}

/** Tables that were restored beside those of a database, and have never changed places with them. */
async function dropSchemas(
  connection: PostgresConnection,
  database: string,
  { before, signal }: { readonly before: Date; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const session = await PostgresSession.open(connection, database, signal);
  try {
    const unused = await session.rows(
      nameRow,
      `SELECT n.nspname AS name FROM pg_namespace AS n
        WHERE n.nspname LIKE '%\\_\\_restore\\_%' AND pg_has_role(n.nspowner, 'USAGE')
          AND NOT EXISTS (SELECT FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
            WHERE c.relnamespace = n.oid)
        ORDER BY 1`,
    );
    const old = unused.map(({ name }) => name).filter((name) => isOlder(name, before));
    for (const name of old) await session.run(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(name)} CASCADE`);
    return old.map((name) => `${database}.${name}`);
  } finally {
    await session.close();
  }
}

function isOlder(name: string, before: Date): boolean {
  const begun = besideTime(name);
  return begun !== undefined && begun < before;
}
