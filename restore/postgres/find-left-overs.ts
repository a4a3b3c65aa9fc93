import { z } from 'zod';
import { besideTime } from '../../sources/beside-names.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import type { LeftOver } from '../left-over.ts';

/** Databases that restores have left on a server, those under way included. @throws {Failure} as `PostgresSession.open` */
export async function findPostgresLeftOvers(
  connection: PostgresConnection,
  signal: AbortSignal,
): Promise<readonly LeftOver[]> {
  const session = await PostgresSession.open(connection, connection.database, signal);
  try {
    const rows = await session.rows(
      z.object({ name: z.string() }),
      'SELECT datname AS name FROM pg_database WHERE NOT datistemplate ORDER BY datname',
    );
    return rows.flatMap(({ name }) =>
      (['restore', 'before'] as const).flatMap((kind) => {
        const since = besideTime(name, kind);
        return since === undefined ? [] : [{ name, kind, since }];
      }),
    );
  } finally {
    await session.close();
  }
}
