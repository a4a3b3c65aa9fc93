import { z } from 'zod';
import { isFailure } from '../../contracts/failures.ts';
import { besideTime } from '../../sources/beside-names.ts';
import type { MysqlConnection } from '../../sources/mysql/connection.ts';
import { MysqlSession } from '../../sources/mysql/session.ts';
import type { LeftOver } from '../left-over.ts';
import { begunExchange, hasMoved } from './exchange.ts';

/** What restores have left on a server, those under way included. @throws {Failure} as `MysqlSession.open` */
export async function findMysqlLeftOvers(
  connection: MysqlConnection,
  signal: AbortSignal,
): Promise<readonly LeftOver[]> {
  const session = await MysqlSession.open(connection, signal);
  try {
    const rows = await session.rows(
      z.object({ name: z.string() }),
      'SELECT schema_name AS name FROM information_schema.schemata ORDER BY BINARY schema_name',
    );
    const found: LeftOver[] = [];
    for (const { name } of rows) {
      for (const kind of ['restore', 'before'] as const) {
        const since = besideTime(name, kind);
        if (since !== undefined) found.push({ name, kind, since, ...(await swapOf(session, name)) });
      }
    }
    return found;
  } finally {
    await session.close();
  }
}

async function swapOf(session: MysqlSession, name: string): Promise<Pick<LeftOver, 'swap'>> {
  try {
    const exchange = await begunExchange(session, name);
    if (exchange === undefined) return {};
    return { swap: { place: exchange.place, hasMoved: await hasMoved(session, exchange) } };
  } catch (error) {
    // Dropped since it was listed, or not for this user to read.
    if (isFailure(error, 'SourceMissing') || isFailure(error, 'SourceAuthentication')) return {};
    throw error;
  }
}
